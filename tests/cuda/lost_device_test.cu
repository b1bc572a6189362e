// What comes of a kernel that faults: an error that stays, in a program of its own.
#include "../catch.hpp"

#include <walt/ops/cuda/pointwise.cuh>

namespace tests {
using namespace walt;

namespace {
struct write_to_nowhere {
    __device__ void operator()(std::int64_t i) const { reinterpret_cast<int*>(16)[i] = 1; }
};
} // namespace

TEST_CASE("cuda: after a kernel's fault every call says that the device is lost", "[cuda]") {
    const auto lost = Catch::Contains("can no longer be used by this process");
    walt::cuda::context device;
    const auto x = device.arena.take<float, dynamic>(8);
    const auto fault = [&] { // it may be noticed at the launch or after it
        walt::cuda::each(device, "a faulty op", 1, write_to_nowhere{});
        device.synchronize();
    };
    CHECK_THROWS_WITH(fault(), Catch::Contains("failed: ") && lost);
    CHECK_THROWS_WITH(ops::fill(device, x, 1), Catch::Contains("ops::fill on 8 elements failed") && lost);
    CHECK_THROWS_WITH(device.allocate(64), Catch::Contains("cudaMalloc of 64 bytes failed") && lost);
}

} // namespace tests
