// The golden file denoiser_numbers on the CUDA device: real numbers as a condition, some frames without.
#include "golden_on_cuda.cuh"

TEST_CASE("cuda: denoiser_numbers agrees with its golden file") {
    walt::testing::check_golden_on_cuda<walt::testing::denoiser_numbers>("recipe/denoiser_numbers");
}
