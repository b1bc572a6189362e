// The tokenizer against its golden files on the CUDA device: latents, reconstruction, loss and every gradient.
#include "../tokenizer/golden_tokenizer.hpp"

#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/depth_to_space.cuh>
#include <walt/ops/cuda/group_norm.cuh>
#include <walt/ops/cuda/latent_statistics.cuh>
#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/pointwise.cuh>

namespace tests {
using namespace walt;
using namespace walt::testing::golden_tokenizer;

TEMPLATE_TEST_CASE("cuda: the tokenizer equals its golden file", "[cuda][tokenizer][golden]", small, three_levels,
                   groups, non_causal, frame_by_frame) {
    constexpr bool is_small = std::is_same_v<TestType, small>;
    walt::cuda::context ctx;
    SECTION("float") { check<float, TestType>(ctx, is_small ? in_float_small : in_float); }
    SECTION("bf16") { check<bf16, TestType>(ctx, is_small ? in_bf16_small : in_bf16); }
}

} // namespace tests
