// What becomes of a convolution where cuDNN has no memory to plan it. Its calls are sent here by the linker.
#include "agreement.hpp"

#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/pointwise.cuh>

namespace tests {
using namespace walt;

namespace {
int finalized = 0, without_memory = 0; // calls so far, and the one that fails
}
extern "C" {
cudnnStatus_t __real_cudnnBackendFinalize(cudnnBackendDescriptor_t);
cudnnStatus_t __wrap_cudnnBackendFinalize(cudnnBackendDescriptor_t of) {
    if (++finalized == without_memory) return CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
    return __real_cudnnBackendFinalize(of);
}
}

TEST_CASE("cuda: memory that is short while cuDNN plans is an error, and forgotten afterwards", "[cuda][conv3d]") {
    const auto convolve = [](walt::cuda::context& device) {
        const arena::scope scope(device.arena);
        const video_size size{1, 2, 4, 4};
        const auto x = size.take<float, 4>(device.arena), y = size.take<float, 4>(device.arena);
        const auto w = device.arena.take<float, 4, 1, 3, 3, 4>();
        ops::fill(device, x, 1), ops::fill(device, w, 1);
        ops::conv3d(device, conv_geometry::causal({1, 3, 3}, {1, 1, 1}), x, w, none{}, y);
        std::vector<float> found(static_cast<std::size_t>(y.size()));
        device.download(found.data(), y.data(), found.size() * sizeof(float));
        return found;
    };
    finalized = without_memory = 0;
    walt::cuda::context plenty;
    const std::vector<float> right = convolve(plenty);
    const int calls = finalized;
    REQUIRE(calls > 0);

    finalized = 0;
    without_memory = calls - 1; // the plan itself; after it come the pointers that it is carried out with
    walt::cuda::context device;
    CHECK_THROWS_WITH(convolve(device), Catch::Contains("cudnnBackendFinalize"));
    finalized = without_memory = 0;
    CHECK(convolve(device) == right);
    CHECK(finalized == calls); // planned anew
    CHECK(convolve(device) == right);
    CHECK(finalized == calls + 1); // the pointers
}

} // namespace tests
