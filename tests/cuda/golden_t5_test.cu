// T5's encoder against its golden file on the CUDA device.
#include "../text/golden_t5.hpp"

#include <walt/ops/cuda/embedding.cuh>
#include <walt/ops/cuda/gated_activation.cuh>
#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/pointwise.cuh>
#include <walt/ops/cuda/row_norm.cuh>
#include <walt/ops/cuda/text_attention.cuh>

namespace tests {
using namespace walt;
using namespace walt::testing::golden_t5;

TEST_CASE("cuda: t5's encoder equals its golden file", "[cuda][text][golden]") {
    walt::cuda::context ctx;
    SECTION("float") { check<float>(ctx, in_float); }
    SECTION("bf16") { check<bf16>(ctx, in_bf16); }
}

} // namespace tests
