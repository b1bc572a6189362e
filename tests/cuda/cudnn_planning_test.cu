// What becomes of a convolution where cuDNN has no memory to plan it, or offers engines of which some will not do. Its
// calls are sent here by the linker.
#include "../watched_stderr.hpp"
#include "agreement.hpp"

#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/pointwise.cuh>

namespace tests {
using namespace walt;

namespace {
int finalized = 0, without_memory = 0; // calls so far, and the one that fails

/// What engines the library offers, in place of those that it has: two lists, of the workspaces that they want (1
/// engine or more).
struct {
    bool on = false;
    std::vector<std::int64_t> lists[2];
    std::vector<cudnnBackendNumericalNote_t> notes; // of each of them
    int asked = 0;                                  // lists
    int tried[2] = {};                              // engines, of each list that was asked for last
} offers;
}
extern "C" {
cudnnStatus_t __real_cudnnBackendFinalize(cudnnBackendDescriptor_t);
cudnnStatus_t __wrap_cudnnBackendFinalize(cudnnBackendDescriptor_t of) {
    if (++finalized == without_memory) return CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
    return __real_cudnnBackendFinalize(of);
}
cudnnStatus_t __real_cudnnBackendGetAttribute(cudnnBackendDescriptor_t, cudnnBackendAttributeName_t,
                                              cudnnBackendAttributeType_t, std::int64_t, std::int64_t*, void*);
cudnnStatus_t __wrap_cudnnBackendGetAttribute(cudnnBackendDescriptor_t of, cudnnBackendAttributeName_t name,
                                              cudnnBackendAttributeType_t type, std::int64_t most, std::int64_t* count,
                                              void* into) {
    const auto real = [&](std::int64_t wanted, void* to) {
        return __real_cudnnBackendGetAttribute(of, name, type, wanted, count, to);
    };
    if (!offers.on) return real(most, into);
    auto& list = offers.lists[(offers.asked + 1) % 2]; // that was asked for last
    if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS && into == nullptr) {
        offers.tried[offers.asked % 2] = 0;
        *count = static_cast<std::int64_t>(offers.lists[offers.asked++ % 2].size());
        return CUDNN_STATUS_SUCCESS;
    }
    if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS) {
        for (std::int64_t i = 0; i < most; ++i)
            if (const auto status = real(1, static_cast<cudnnBackendDescriptor_t*>(into) + i);
                status != CUDNN_STATUS_SUCCESS)
                return status;
        *count = most;
        return CUDNN_STATUS_SUCCESS;
    }
    if (name == CUDNN_ATTR_ENGINE_NUMERICAL_NOTE) {
        std::copy(offers.notes.begin(), offers.notes.end(), static_cast<cudnnBackendNumericalNote_t*>(into));
        *count = static_cast<std::int64_t>(offers.notes.size());
        return CUDNN_STATUS_SUCCESS;
    }
    if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE) {
        int& tried = offers.tried[(offers.asked + 1) % 2];
        *static_cast<std::int64_t*>(into) = list.at(static_cast<std::size_t>(tried++));
        return CUDNN_STATUS_SUCCESS;
    }
    return real(most, into);
}
}

namespace {
std::vector<float> convolved(walt::cuda::context& device, std::int64_t frames = 2) {
    const arena::scope scope(device.arena);
    const video_size size{1, frames, 4, 4};
    const auto x = size.take<float, 4>(device.arena), y = size.take<float, 4>(device.arena);
    const auto w = device.arena.take<float, 4, 1, 3, 3, 4>();
    ops::fill(device, x, 1), ops::fill(device, w, 1);
    ops::conv3d(device, conv_geometry::causal({1, 3, 3}, {1, 1, 1}), x, w, none{}, y);
    std::vector<float> found(static_cast<std::size_t>(y.size()));
    device.download(found.data(), y.data(), found.size() * sizeof(float));
    return found;
}

/// While one lives, the library offers these.
struct offered {
    offered(std::vector<std::int64_t> best, std::vector<std::int64_t> fallback,
            std::vector<cudnnBackendNumericalNote_t> notes = {}) {
        offers = {true, {std::move(best), std::move(fallback)}, std::move(notes), 0, {}};
    }
    ~offered() { offers = {}; }
    offered(const offered&) = delete;
};
constexpr std::int64_t too_much = 2 * static_cast<std::int64_t>(convolution_workspace);
}

TEST_CASE("cuda: memory that is short while cuDNN plans is an error, and forgotten afterwards", "[cuda][conv3d]") {
    finalized = without_memory = 0;
    walt::cuda::context plenty;
    const std::vector<float> right = convolved(plenty);
    const int calls = finalized;
    REQUIRE(calls > 0);

    finalized = 0;
    without_memory = calls - 1; // the plan itself; after it come the pointers that it is carried out with
    walt::cuda::context device;
    CHECK_THROWS_WITH(convolved(device), Catch::Contains("cudnnBackendFinalize"));
    finalized = without_memory = 0;
    CHECK(convolved(device) == right);
    CHECK(finalized == calls); // planned anew
    CHECK(convolved(device) == right);
    CHECK(finalized == calls + 1); // the pointers
}

TEST_CASE("cuda: of each of cuDNN's lists the first engines are tried", "[cuda][conv3d]") {
    walt::cuda::context plenty;
    const std::vector<float> right = convolved(plenty);
    const std::vector<std::int64_t> forty(40, too_much);
    {
        const offered engines(forty, {0});
        walt::cuda::context device;
        CHECK(convolved(device) == right); // by the second list's
        CHECK(offers.tried[0] == walt::cuda::engine_search::most_tried);
        CHECK(offers.tried[1] == 1);
    }
    const offered engines(forty, forty);
    walt::cuda::context device;
    CHECK_THROWS_WITH(convolved(device), Catch::Contains("cuda::context::most_workspace"));
    CHECK(offers.tried[0] == walt::cuda::engine_search::most_tried);
    CHECK(offers.tried[1] == walt::cuda::engine_search::most_tried);
}

TEST_CASE("cuda: memory that keeps cuDNN from its first choice is said once", "[cuda][conv3d]") {
    walt::cuda::context device;
    watched_stderr seen(false);
    {
        const offered engines({1024, 0}, {0});
        convolved(device, 1); // it may have that
        CHECK(offers.tried[0] == 1);
        CHECK(seen.text().empty());
    }
    {
        const offered engines({too_much, 0}, {0});
        convolved(device, 2);
        CHECK(offers.tried[0] == 2);
        CHECK_THAT(seen.text(), Catch::Contains("2147483648 bytes") && Catch::Contains("1 x 2 x 4 x 4 x 4") &&
                                    Catch::Contains("most_workspace"));
    }
    const offered engines({too_much, 0}, {0});
    convolved(device, 3);
    CHECK(offers.tried[0] == 2);
    CHECK(seen.text().empty());
}

TEST_CASE("cuda: engines that round or order sums as nobody asked are not taken", "[cuda][conv3d]") {
    for (const auto note : {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
                            CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION, CUDNN_NUMERICAL_NOTE_TENSOR_CORE}) {
        CAPTURE(static_cast<int>(note));
        const offered engines({0, 0}, {0}, {CUDNN_NUMERICAL_NOTE_FFT, note});
        walt::cuda::context strict, tf32;
        tf32.precision = walt::cuda::math::tf32;
        CHECK_THROWS_WITH(convolved(strict), Catch::Contains("cuDNN has no engine for the convolution"));
        if (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE) CHECK_NOTHROW(convolved(tf32));
        else CHECK_THROWS_WITH(convolved(tf32), Catch::Contains("cuDNN has no engine for the convolution"));
    }
}

namespace {
template <int I, int O> void backward(walt::cuda::conv_pass pass) {
    walt::cuda::context device;
    constexpr video_size size{1, 2, 4, 4};
    const auto g = conv_geometry::causal({1, 3, 3}, {1, 1, 1});
    const auto x = size.take<bf16, I>(device.arena);
    const auto dy = size.take<bf16, O>(device.arena);
    ops::fill(device, x, 1), ops::fill(device, dy, 1);
    if (pass == walt::cuda::conv_pass::grad_input) {
        const auto w = device.arena.take<bf16, O, 1, 3, 3, I>();
        ops::fill(device, w, 1);
        ops::conv3d_grad_input(device, g, dy, w, x);
    } else {
        const auto dw = device.arena.take<float, O, 1, 3, 3, I>();
        ops::fill(device, dw, 0);
        ops::conv3d_grad_weight(device, g, x, dy, dw, none{});
    }
    device.synchronize();
}
} // namespace

TEST_CASE("cuda: no tensor cores for gradients whose channels are no multiples of 8", "[cuda][conv3d]") {
    const offered engines({0}, {0}, {CUDNN_NUMERICAL_NOTE_TENSOR_CORE}); // there is nothing else
    for (const auto pass : {walt::cuda::conv_pass::grad_input, walt::cuda::conv_pass::grad_weight}) {
        CHECK_NOTHROW((backward<16, 48>(pass)));
        CHECK_THROWS_WITH((backward<12, 48>(pass)), Catch::Contains("cuDNN has no engine for"));
        CHECK_THROWS_WITH((backward<48, 12>(pass)), Catch::Contains("cuDNN has no engine for"));
    }
}

} // namespace tests
