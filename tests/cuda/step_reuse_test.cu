// Step reuse on the CUDA device: its host waits for every decision, so that a step is not recorded.
#include "../diffusion/step_reuse.hpp"

#include <walt/cuda.cuh>

namespace tests {
using namespace walt;

TEST_CASE("cuda: blocks whose input has barely moved are skipped, and at threshold 0 none", "[cuda][sampling]") {
    testing::check_step_reuse<walt::cuda::context, bf16>(true);
}

} // namespace tests
