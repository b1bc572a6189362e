// The golden files of sampling on the CUDA device: DPM-Solver++ 2M, and known frames.
#include "../diffusion/golden_sampling.hpp"

#include <walt/cuda.cuh>

namespace tests {
using namespace walt;

TEMPLATE_TEST_CASE("cuda: DPM-Solver++ 2M samples as its golden file", "[cuda][golden]", float, bf16) {
    testing::check_golden_dpm_2m<walt::cuda::context, TestType>();
}
TEMPLATE_TEST_CASE("cuda: known frames are sampled under as in the golden file", "[cuda][golden]", float, bf16) {
    testing::check_golden_sample_known<walt::cuda::context, TestType>();
}

} // namespace tests
