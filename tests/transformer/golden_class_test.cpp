// The golden file denoiser_class on every device: output, loss, the gradient of every parameter and input, the DDIM
// run.
#include "golden_on_all.hpp"

TEST_CASE("denoiser_class agrees with its golden file") {
    walt::testing::check_golden_on_all<walt::testing::denoiser_class>("denoiser_class");
}
TEST_CASE("denoiser_class samples as its golden file") {
    walt::testing::check_ddim_on_all<walt::testing::denoiser_class>("denoiser_class");
}
