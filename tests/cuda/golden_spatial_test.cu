// The golden file denoiser_spatial on the CUDA device: output, loss, the gradient of every parameter and input, the
// DDIM run.
#include "golden_on_cuda.cuh"

TEST_CASE("cuda: denoiser_spatial agrees with its golden file") {
    walt::testing::check_golden_on_cuda<walt::testing::denoiser_spatial>("denoiser_spatial");
}
TEST_CASE("cuda: denoiser_spatial samples as its golden file") {
    walt::testing::check_ddim_on_cuda<walt::testing::denoiser_spatial>("denoiser_spatial");
}
