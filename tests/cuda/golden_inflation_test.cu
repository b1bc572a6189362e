// Inflation on the CUDA device against its golden file.
#include "../tokenizer/golden_inflation.hpp"

#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/depth_to_space.cuh>
#include <walt/ops/cuda/group_norm.cuh>
#include <walt/ops/cuda/latent_statistics.cuh>
#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/pointwise.cuh>

namespace tests {
using namespace walt;
using namespace walt::testing::golden_inflation;

TEST_CASE("cuda: an inflated tokenizer equals the golden file, and on one frame the tokenizer of images",
          "[cuda][tokenizer][golden]") {
    walt::cuda::context ctx;
    SECTION("float") { check<float>(ctx, in_float); }
    SECTION("bf16") { check<bf16>(ctx, in_bf16); }
}

} // namespace tests
