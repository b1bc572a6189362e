// The critic against its golden files on the CUDA device.
#include "../critic/golden_critic.hpp"

#include <walt/ops/cuda/adversarial.cuh>
#include <walt/ops/cuda/blur.cuh>
#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/optimizer.cuh>
#include <walt/ops/cuda/pointwise.cuh>

namespace tests {
using namespace walt;
using namespace walt::testing::golden_critic;

TEST_CASE("cuda: the critic equals its golden files", "[cuda][critic][golden]") {
    walt::cuda::context ctx;
    SECTION("float") {
        check<float, of_clips>(ctx, in_float);
        check<float, of_images>(ctx, in_float);
    }
    SECTION("bf16") { check<bf16, of_clips>(ctx, in_bf16); }
}

} // namespace tests
