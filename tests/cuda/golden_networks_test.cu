// The networks of measures against their golden files on the CUDA device.
#include "../measures/golden_networks.hpp"

#include <walt/ops/cuda/average_pool.cuh>
#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/max_pool.cuh>
#include <walt/ops/cuda/pointwise.cuh>
#include <walt/ops/cuda/put_channels.cuh>
#include <walt/ops/cuda/resize.cuh>

namespace tests {
using namespace walt;

TEST_CASE("cuda: I3D, Inception and C3D equal their golden files", "[cuda][measures][golden]") {
    walt::cuda::context ctx;
    testing::golden_networks::check<float>(ctx, 1e-5);
}

} // namespace tests
