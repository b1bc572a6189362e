// The golden file denoiser_text_sr on every device: output, loss, the gradient of every parameter and input, the DDIM
// run.
#include "golden_on_all.hpp"

TEST_CASE("denoiser_text_sr agrees with its golden file") {
    walt::testing::check_golden_on_all<walt::testing::denoiser_text_sr>("denoiser_text_sr");
}
TEST_CASE("denoiser_text_sr samples as its golden file") {
    walt::testing::check_ddim_on_all<walt::testing::denoiser_text_sr>("denoiser_text_sr");
}
