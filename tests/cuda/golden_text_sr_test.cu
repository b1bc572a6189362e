// The golden file denoiser_text_sr on the CUDA device: output, loss, the gradient of every parameter and input, the
// DDIM run.
#include "golden_on_cuda.cuh"

TEST_CASE("cuda: denoiser_text_sr agrees with its golden file") {
    walt::testing::check_golden_on_cuda<walt::testing::denoiser_text_sr>("denoiser_text_sr");
}
TEST_CASE("cuda: denoiser_text_sr samples as its golden file") {
    walt::testing::check_ddim_on_cuda<walt::testing::denoiser_text_sr>("denoiser_text_sr");
}
