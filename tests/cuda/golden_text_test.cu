// The text networks against their golden files on the CUDA device.
#include "../text/golden_network.hpp"

#include <walt/ops/cuda/embedding.cuh>
#include <walt/ops/cuda/gated_activation.cuh>
#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/pointwise.cuh>
#include <walt/ops/cuda/row_norm.cuh>
#include <walt/ops/cuda/text_attention.cuh>

namespace tests {
using namespace walt;
using namespace walt::testing::golden_network;

TEMPLATE_TEST_CASE("cuda: a text network equals its golden file", "[cuda][text][golden]", t5<t5_small>,
                   bert<bert_small>) {
    walt::cuda::context ctx;
    SECTION("float") { check<TestType, float>(ctx, in_float); }
    SECTION("bf16") { check<TestType, bf16>(ctx, in_bf16); }
}

} // namespace tests
