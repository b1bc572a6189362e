// The perceptual distance against its golden file on the CUDA device: taps, distance, gradient into the pixels.
#include "../perceptual/golden_perceptual.hpp"

#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/latent_statistics.cuh>
#include <walt/ops/cuda/max_pool.cuh>
#include <walt/ops/cuda/pointwise.cuh>
#include <walt/ops/cuda/tap_distance.cuh>

namespace tests {
using namespace walt;
using namespace walt::testing::golden_perceptual;

TEST_CASE("cuda: the perceptual distance equals its golden file", "[cuda][perceptual][golden]") {
    walt::cuda::context ctx;
    SECTION("float") { check<float>(ctx, in_float); }
    SECTION("bf16") { check<bf16>(ctx, in_bf16); }
}

} // namespace tests
