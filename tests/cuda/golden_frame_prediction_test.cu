// The golden file denoiser_frame_prediction on the CUDA device: output, loss, the gradient of every parameter and
// input.
#include "golden_on_cuda.cuh"

TEST_CASE("cuda: denoiser_frame_prediction agrees with its golden file") {
    walt::testing::check_golden_on_cuda<walt::testing::denoiser_frame_prediction>("denoiser_frame_prediction");
}
