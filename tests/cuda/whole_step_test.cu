// Steps that the GPU does by itself: a training step waits for the device only to read its result, a sampling step not
// at all, neither allocates, and the sampling step is recorded once and replayed. Calls of the CUDA runtime are
// counted.
#include "../catch.hpp"
#include "../train/tiny_denoiser.hpp"

#include <walt/cuda.cuh>
#include <walt/diffusion/sample.hpp>
#include <walt/testing/relative_error.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

namespace tests {
using namespace walt;

namespace {

struct {
    int allocations = 0, waits = 0, launches_of_graphs = 0, graphs = 0, kernels = 0, products = 0;
} counted;
bool no_memory_for_graphs = false;

} // namespace

// The linker sends walt's calls here (--wrap).
extern "C" {
cudaError_t __real_cudaMalloc(void**, std::size_t);
cudaError_t __wrap_cudaMalloc(void** p, std::size_t bytes) {
    return ++counted.allocations, __real_cudaMalloc(p, bytes);
}
cudaError_t __real_cudaFree(void*);
cudaError_t __wrap_cudaFree(void* p) { return ++counted.allocations, __real_cudaFree(p); }
cudaError_t __real_cudaMallocHost(void**, std::size_t);
cudaError_t __wrap_cudaMallocHost(void** p, std::size_t bytes) {
    return ++counted.allocations, __real_cudaMallocHost(p, bytes);
}
cudaError_t __real_cudaStreamSynchronize(cudaStream_t);
cudaError_t __wrap_cudaStreamSynchronize(cudaStream_t s) { return ++counted.waits, __real_cudaStreamSynchronize(s); }
cudaError_t __real_cudaEventSynchronize(cudaEvent_t);
cudaError_t __wrap_cudaEventSynchronize(cudaEvent_t e) { return ++counted.waits, __real_cudaEventSynchronize(e); }
cudaError_t __real_cudaDeviceSynchronize();
cudaError_t __wrap_cudaDeviceSynchronize() { return ++counted.waits, __real_cudaDeviceSynchronize(); }
cudaError_t __real_cudaMemcpy(void*, const void*, std::size_t, cudaMemcpyKind);
cudaError_t __wrap_cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return ++counted.waits, __real_cudaMemcpy(to, from, bytes, kind);
}
cudaError_t __real___cudaLaunchKernel(cudaKernel_t, dim3, dim3, void**, std::size_t, cudaStream_t);
cudaError_t __wrap___cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, std::size_t shared,
                                      cudaStream_t stream) {
    return ++counted.kernels, __real___cudaLaunchKernel(kernel, grid, block, arguments, shared, stream);
}
cublasStatus_t __real_cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t, const void*, const void*,
                                     cublasLtMatrixLayout_t, const void*, cublasLtMatrixLayout_t, const void*,
                                     const void*, cublasLtMatrixLayout_t, void*, cublasLtMatrixLayout_t,
                                     const cublasLtMatmulAlgo_t*, void*, std::size_t, cudaStream_t);
cublasStatus_t __wrap_cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha,
                                     const void* a, cublasLtMatrixLayout_t of_a, const void* b,
                                     cublasLtMatrixLayout_t of_b, const void* beta, const void* c,
                                     cublasLtMatrixLayout_t of_c, void* d, cublasLtMatrixLayout_t of_d,
                                     const cublasLtMatmulAlgo_t* algorithm, void* workspace, std::size_t bytes,
                                     cudaStream_t stream) {
    return ++counted.products, __real_cublasLtMatmul(handle, operation, alpha, a, of_a, b, of_b, beta, c, of_c, d, of_d,
                                                     algorithm, workspace, bytes, stream);
}
cudaError_t __real_cudaGraphLaunch(cudaGraphExec_t, cudaStream_t);
cudaError_t __wrap_cudaGraphLaunch(cudaGraphExec_t g, cudaStream_t s) {
    return ++counted.launches_of_graphs, __real_cudaGraphLaunch(g, s);
}
cudaError_t __real_cudaGraphInstantiate(cudaGraphExec_t*, cudaGraph_t, unsigned long long);
cudaError_t __wrap_cudaGraphInstantiate(cudaGraphExec_t* e, cudaGraph_t g, unsigned long long flags) {
    if (no_memory_for_graphs) return cudaErrorMemoryAllocation;
    return ++counted.graphs, __real_cudaGraphInstantiate(e, g, flags);
}
}

TEST_CASE("cuda: a training step allocates nothing and waits only for its result", "[cuda][whole_step]") {
    walt::cuda::context ctx;
    denoiser model(ctx, tiny{}, compute<bf16>, seed{3});
    trainer train(model, denoising{}, {}, training{.accumulate = 2});
    for (int step = 0; step < 4; ++step)
        train.step(tiny_batch); // memory grows, plans are made; with and without self-conditioning
    for (int step = 0; step < 6; ++step) {
        counted = {};
        train.step(tiny_batch);
        CHECK(counted.allocations == 0);
        CHECK(counted.waits == 2); // the gradient's norm and the losses; the second has nothing left to wait for
    }
}

// The numbers are what a run counted, with all of cuBLASLt's epilogues. More: a fusion was lost, or a conversion came
// in. Fewer: write the new ones.
TEST_CASE("cuda: a training step has so many kernels and products, and no more", "[cuda][whole_step]") {
    for (const bool conditioned : {false, true}) {
        CAPTURE(conditioned);
        walt::cuda::context ctx;
        denoiser model(ctx, tiny{}, compute<bf16>, seed{3});
        trainer train(model, denoising{.self_conditioning_rate = conditioned ? 1.0f : 0.0f});
        for (int warm = 0; warm < 4; ++warm) train.step(tiny_batch);
        counted = {};
        train.step(tiny_batch);
        CHECK(counted.kernels == (conditioned ? 142 : 109));
        CHECK(counted.products == (conditioned ? 70 : 52));
    }
}

TEST_CASE("cuda: recorded passes of training give the same bits", "[cuda][whole_step]") {
    const auto trained = [](bool record) {
        walt::cuda::context ctx;
        denoiser model(ctx, tiny{}, compute<bf16>, seed{3});
        trainer train(model, denoising{.self_conditioning_rate = 0.5f, .record = record}, adamw{.learning_rate = 1e-3f},
                      training{.accumulate = 2});
        for (int step = 0; step < 10; ++step) train.step(tiny_batch);
        return model.host_masters();
    };
    counted = {};
    const auto plain = trained(false);
    CHECK(counted.graphs == 0);
    const auto recorded = trained(true);
    CHECK(counted.graphs == 4); // with and without self-conditioning, in the first micro-batch and in the second
    CHECK(counted.launches_of_graphs >= 10);
    CHECK(plain == recorded);
    no_memory_for_graphs = true; // then the work is carried out
    const auto without = trained(true);
    no_memory_for_graphs = false;
    CHECK(without == plain);
}

TEST_CASE("cuda: a sampling step is recorded once, and replayed without a wait or an allocation",
          "[cuda][whole_step]") {
    walt::cuda::context ctx;
    const denoiser model(ctx, tiny{}, compute<bf16>, seed{3});
    std::vector<int> allocations, waits, replays;
    const auto sampled = [&](float eta, float scale) {
        sampling how{.sampler = ddim{.steps = 6, .eta = eta}, .guide = {.scale = scale}};
        counted = {};
        how.seen = [&](int) {
            allocations.push_back(counted.allocations);
            waits.push_back(counted.waits);
            replays.push_back(counted.launches_of_graphs);
            counted.allocations = counted.waits = counted.launches_of_graphs = 0;
        };
        allocations.clear(), waits.clear(), replays.clear();
        return sample_latents(model, labels{0, 2}, how);
    };
    for (const float eta : {0.0f, 0.5f})
        for (const float scale : {1.0f, 3.0f}) {
            sampled(eta, scale);
            counted.graphs = 0;
            const auto once = sampled(eta, scale);
            CHECK(counted.graphs == 1);
            CHECK(replays == std::vector<int>{0, 1, 1, 1, 1, 1});
            CHECK(std::vector<int>(waits.begin() + 1, waits.end()) == std::vector<int>(5, 0));
            CHECK(std::vector<int>(allocations.begin() + 1, allocations.end()) == std::vector<int>(5, 0));
            CHECK(sampled(eta, scale) == once); // to the last bit
            no_memory_for_graphs = true;
            CHECK(sampled(eta, scale) == once);
            no_memory_for_graphs = false;
        }
}

TEST_CASE("cuda: replayed steps sample as the reference does", "[cuda][whole_step]") {
    walt::cuda::context ctx;
    reference::context plain;
    const denoiser mine(ctx, tiny{}, compute<float>, seed{3});
    const denoiser theirs(plain, tiny{}, compute<double>, seed{3});
    const sampling how{
        .sampler = ddim{.steps = 6, .eta = 0.5f}, .guide = {.scale = 3, .rescale = 0.7f}, .seed = seed{5}};
    const auto found = sample_latents(mine, labels{0, 2}, how), exact = sample_latents(theirs, labels{0, 2}, how);
    CHECK(testing::relative_error(found.values.data(), std::vector<double>(exact.values.begin(), exact.values.end())) <
          1e-4);
}

TEST_CASE("cuda: what cannot be recorded is refused, and the context goes on", "[cuda][whole_step]") {
    walt::cuda::context ctx;
    const buffer<float> x(ctx, 4);
    const std::vector<float> ones(4, 1.0f);
    float back = 0;
    CHECK_THROWS_WITH(walt::cuda::recording(ctx, [&] { ctx.upload(x.data(), ones.data(), 16); }),
                      Catch::Contains("an upload of 16 bytes cannot be recorded"));
    CHECK_THROWS_WITH(walt::cuda::recording(ctx, [&] { ctx.download(&back, x.data(), 4); }),
                      Catch::Contains("a download of 4 bytes cannot be recorded"));
    CHECK_THROWS_WITH(walt::cuda::recording(ctx, [&] { buffer<float>(ctx, 1000); }),
                      Catch::Contains("4000 bytes") && Catch::Contains("cannot be recorded"));
    ctx.upload(x.data(), ones.data(), 16);
    ctx.download(&back, x.data(), 4);
    CHECK(back == 1);
}

TEST_CASE("cuda: what is uploaded is what the host held at that time, however much follows", "[cuda][whole_step]") {
    walt::cuda::context ctx;
    constexpr std::size_t count = 300'000; // more than a piece of the staging memory in all
    std::vector<buffer<float>> there;
    std::vector<float> host(count);
    for (int i = 0; i < 12; ++i) {
        std::fill(host.begin(), host.end(), static_cast<float>(i));
        there.emplace_back(ctx, count);
        ctx.upload(there.back().data(), host.data(), count * sizeof(float));
        std::fill(host.begin(), host.end(), -1.0f);
    }
    for (int i = 0; i < 12; ++i) {
        ctx.download(host.data(), there[static_cast<std::size_t>(i)].data(), count * sizeof(float));
        CHECK(host == std::vector<float>(count, static_cast<float>(i)));
    }
}

} // namespace tests
