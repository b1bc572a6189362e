// The golden file denoiser_frame_prediction on every device: output, loss, the gradient of every parameter and input.
#include "golden_on_all.hpp"

TEST_CASE("denoiser_frame_prediction agrees with its golden file") {
    walt::testing::check_golden_on_all<walt::testing::denoiser_frame_prediction>("denoiser_frame_prediction");
}
