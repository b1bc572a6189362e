// Several contexts: of two GPUs in one thread, of one in two threads, and those that cannot be made and leave nothing.
// The launcher shows two GPUs; calls of the runtime and the libraries are counted, and made to fail.
#include "../catch.hpp"

#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/recording.cuh>

#include <thread>

namespace tests {
using namespace walt;

namespace {

/// Things that are there now, and the call that shall fail.
struct {
    int streams = 0, products = 0, convolutions = 0;
    bool no_products = false, no_convolutions = false;
} now;

} // namespace

// The linker sends walt's calls here (--wrap).
extern "C" {
cudaError_t __real_cudaStreamCreateWithFlags(cudaStream_t*, unsigned);
cudaError_t __wrap_cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    return ++now.streams, __real_cudaStreamCreateWithFlags(stream, flags);
}
cudaError_t __real_cudaStreamDestroy(cudaStream_t);
cudaError_t __wrap_cudaStreamDestroy(cudaStream_t stream) { return --now.streams, __real_cudaStreamDestroy(stream); }
cublasStatus_t __real_cublasLtCreate(cublasLtHandle_t*);
cublasStatus_t __wrap_cublasLtCreate(cublasLtHandle_t* handle) {
    if (now.no_products) return CUBLAS_STATUS_NOT_INITIALIZED;
    return ++now.products, __real_cublasLtCreate(handle);
}
cublasStatus_t __real_cublasLtDestroy(cublasLtHandle_t);
cublasStatus_t __wrap_cublasLtDestroy(cublasLtHandle_t handle) {
    return --now.products, __real_cublasLtDestroy(handle);
}
cudnnStatus_t __real_cudnnCreate(cudnnHandle_t*);
cudnnStatus_t __wrap_cudnnCreate(cudnnHandle_t* handle) { return ++now.convolutions, __real_cudnnCreate(handle); }
cudnnStatus_t __real_cudnnDestroy(cudnnHandle_t);
cudnnStatus_t __wrap_cudnnDestroy(cudnnHandle_t handle) { return --now.convolutions, __real_cudnnDestroy(handle); }
cudnnStatus_t __real_cudnnSetStream(cudnnHandle_t, cudaStream_t);
cudnnStatus_t __wrap_cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
    return now.no_convolutions ? CUDNN_STATUS_BAD_PARAM : __real_cudnnSetStream(handle, stream);
}
}

namespace {

std::vector<float> read(walt::cuda::context& ctx, view<const float, dynamic> x) {
    std::vector<float> host(static_cast<std::size_t>(x.size()));
    ctx.download(host.data(), x.data(), host.size() * sizeof(float));
    return host;
}

/// An upload, a kernel, a product, memory of the arena, a recorded piece of work and a download: y = 8 (number + 1)^2.
std::vector<float> worked(walt::cuda::context& ctx, float number) {
    const arena::scope scope(ctx.arena);
    const auto x = ctx.arena.take<float, dynamic>(64), y = ctx.arena.take<float, dynamic>(64);
    const std::vector<float> host(64, number);
    ctx.upload(x.data(), host.data(), host.size() * sizeof(float));
    const auto work = [](walt::cuda::context& on, view<float, dynamic> a, view<float, dynamic> b) {
        ops::fill(on, b, 1);
        ops::accumulate(on, a.read(), b);
        ops::convert(on, b.read(), a);
        const view<const float, 8, 8> factor(a.data());
        ops::linear(on, factor, factor, none{}, view<float, 8, 8>(b.data()));
    };
    record_work(ctx, true, work, x, y);
    return read(ctx, y.read());
}
std::vector<float> expected(float number) { return std::vector<float>(64, 8 * (number + 1) * (number + 1)); }

int gpus() {
    int count = 0;
    walt::cuda::check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
    return count;
}

} // namespace

TEST_CASE("cuda: a context that cannot be made leaves nothing, and the next one can be made", "[cuda][contexts]") {
    now.no_products = true;
    for (int time = 0; time < 3; ++time)
        CHECK_THROWS_WITH(walt::cuda::context(0), Catch::Contains("cublasLtCreate failed: "));
    now.no_products = false;
    CHECK(now.streams == 0);
    CHECK(now.products == 0);
    {
        walt::cuda::context ctx;
        CHECK(now.streams == 1);
        CHECK(now.products == 1);
        CHECK(worked(ctx, 2) == expected(2));
        now.no_convolutions = true;
        for (int time = 0; time < 3; ++time)
            CHECK_THROWS_WITH(walt::cuda::convolutions_of(ctx), Catch::Contains("cudnnSetStream failed: "));
        now.no_convolutions = false;
        CHECK(now.convolutions == 0);
        walt::cuda::convolutions_of(ctx);
        CHECK(now.convolutions == 1);
    }
    CHECK(now.streams == 0);
    CHECK(now.products == 0);
    CHECK(now.convolutions == 0);
}

TEST_CASE("cuda: contexts of two GPUs take turns in one thread", "[cuda][contexts]") {
    if (gpus() < 2) {
        WARN("this machine has one GPU");
        return;
    }
    auto first = std::make_unique<walt::cuda::context>(0), second = std::make_unique<walt::cuda::context>(1);
    for (int time = 0; time < 4; ++time) { // carried out, recorded, replayed
        CHECK(worked(*first, static_cast<float>(time)) == expected(static_cast<float>(time)));
        CHECK(worked(*second, static_cast<float>(time + 1)) == expected(static_cast<float>(time + 1)));
    }
    cudaPointerAttributes of{};
    const buffer<float> here(*first, 8), there(*second, 8);
    walt::cuda::check(cudaPointerGetAttributes(&of, here.data()), "cudaPointerGetAttributes");
    CHECK(of.device == 0);
    walt::cuda::check(cudaPointerGetAttributes(&of, there.data()), "cudaPointerGetAttributes");
    CHECK(of.device == 1);
    first->synchronize();
    second.reset(); // while the other is current
    CHECK(worked(*first, 9) == expected(9));
    first.reset();
    CHECK(now.streams == 0);
}

TEST_CASE("cuda: a context may move to another thread", "[cuda][contexts]") {
    walt::cuda::context ctx(gpus() - 1);
    for (int time = 0; time < 4; ++time) {
        std::vector<float> found;
        std::thread([&] { found = worked(ctx, 3); }).join(); // its current GPU is 0
        CHECK(found == expected(3));
        CHECK(worked(ctx, 4) == expected(4));
    }
}

TEST_CASE("cuda: contexts of two GPUs work at once in two threads", "[cuda][contexts]") {
    if (gpus() < 2) {
        WARN("this machine has one GPU");
        return;
    }
    walt::cuda::context first(0), second(1);
    std::vector<float> found[2];
    std::thread other([&] {
        for (int time = 0; time < 4; ++time) found[1] = worked(second, 6);
    });
    for (int time = 0; time < 4; ++time) found[0] = worked(first, 5);
    other.join();
    CHECK(found[0] == expected(5));
    CHECK(found[1] == expected(6));
}

} // namespace tests
