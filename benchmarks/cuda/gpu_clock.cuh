// The GPU's own clock.
#pragma once

#include <walt/ops/cuda/context.cuh>

namespace walt::benchmarks {

/// The GPU's own time for run(), in seconds.
template <class Run> double seconds_of(walt::cuda::context& ctx, Run&& run) {
    struct event {
        cudaEvent_t handle = nullptr;
        event() { walt::cuda::check(cudaEventCreate(&handle), "cudaEventCreate"); }
        ~event() { cudaEventDestroy(handle); }
    };
    const event begun, done;
    walt::cuda::check(cudaEventRecord(begun.handle, ctx.stream), "cudaEventRecord");
    run();
    walt::cuda::check(cudaEventRecord(done.handle, ctx.stream), "cudaEventRecord");
    walt::cuda::check(cudaEventSynchronize(done.handle), "cudaEventSynchronize");
    float milliseconds = 0;
    walt::cuda::check(cudaEventElapsedTime(&milliseconds, begun.handle, done.handle), "cudaEventElapsedTime");
    return 1e-3 * static_cast<double>(milliseconds);
}

} // namespace walt::benchmarks
