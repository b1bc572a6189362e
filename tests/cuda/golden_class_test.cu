// The golden file denoiser_class on the CUDA device: output, loss, the gradient of every parameter and input, the DDIM
// run.
#include "golden_on_cuda.cuh"

TEST_CASE("cuda: denoiser_class agrees with its golden file") {
    walt::testing::check_golden_on_cuda<walt::testing::denoiser_class>("denoiser_class");
}
TEST_CASE("cuda: denoiser_class samples as its golden file") {
    walt::testing::check_ddim_on_cuda<walt::testing::denoiser_class>("denoiser_class");
}
