// How benchmarks of the CUDA device are timed, and what the device reaches at best: the counters of_matmul and of_copy
// are shares of a large bf16 product's and a large copy's rate, measured in the same run.
#pragma once

#include "../ops/benchmarks.hpp"
#include "gpu_clock.cuh"

#include <walt/cuda.cuh>

#include <cstdlib>

namespace walt::benchmarks {

/// Operations and bytes a second.
struct ceilings {
    double flops, bytes;

    /// Measured at the first call, with memory that is given back.
    static const ceilings& measured() {
        static const ceilings found = [] {
            walt::cuda::context ctx;
            return ceilings(ctx);
        }();
        return found;
    }

  private:
    explicit ceilings(walt::cuda::context& ctx) {
        std::size_t free = 0, all = 0;
        walt::cuda::check(cudaMemGetInfo(&free, &all), "cudaMemGetInfo");
        const bool large = all >= std::size_t{8} << 30;
        const arena::scope scope(ctx.arena);
        if (large) flops = matmul<8192>(ctx);
        else flops = matmul<1024>(ctx);
        const std::size_t size = std::size_t{1} << (large ? 30 : 24);
        const auto from = ctx.arena.take<std::uint8_t, dynamic>(size), to = ctx.arena.take<std::uint8_t, dynamic>(size);
        bytes =
            2 * static_cast<double>(size) / best(ctx, [&] {
                walt::cuda::check(cudaMemcpyAsync(to.data(), from.data(), size, cudaMemcpyDeviceToDevice, ctx.stream),
                                  "cudaMemcpyAsync");
            });
    }
    template <class Run> static double best(walt::cuda::context& ctx, Run&& run) {
        double least = seconds_of(ctx, run);
        for (int i = 0; i < 8; ++i) least = std::min(least, seconds_of(ctx, run));
        return std::max(least, 1e-9);
    }
    template <int N> static double matmul(walt::cuda::context& ctx) {
        const auto x = normals<bf16, dynamic, N>(ctx, 1, std::int64_t{N}),
                   y = normals<bf16, dynamic, N>(ctx, 2, std::int64_t{N});
        const auto w = normals<bf16, N, N>(ctx, 3);
        return 2.0 * N * N * N / best(ctx, [&] { ops::linear(ctx, x, w, none{}, y); });
    }
};

/// Measures what seconds() says of each run, and sets it beside the ceilings.
template <class Seconds> void measure_each(benchmark::State& state, work per_run, Seconds&& seconds) {
    double sum = 0;
    for (auto _ : state) {
        const double one = seconds();
        state.SetIterationTime(one);
        sum += one;
    }
    const ceilings& most = ceilings::measured();
    const double runs_per_second = static_cast<double>(state.iterations()) / sum;
    if (per_run.flops > 0) {
        state.counters["TFLOP/s"] = 1e-12 * per_run.flops * runs_per_second;
        state.counters["of_matmul"] = per_run.flops * runs_per_second / most.flops;
    }
    if (per_run.bytes > 0) {
        state.counters["GB/s"] = 1e-9 * per_run.bytes * runs_per_second;
        state.counters["of_copy"] = per_run.bytes * runs_per_second / most.bytes;
    }
}

/// Measures run() as the GPU's share of it: some runs are recorded, so that the host's launches cost nothing.
template <class Run> void measure(walt::cuda::context& ctx, benchmark::State& state, work per_run, Run&& run) {
    const int recorded =
        std::getenv("WALT_LAUNCHES") ? 1 : 8; // for scripts/kernel_report, whose runs are emulated, one is enough
    run();
    const walt::cuda::recording runs(ctx, [&] {
        for (int i = 0; i < recorded; ++i) run();
    });
    measure_each(state, per_run, [&] { return seconds_of(ctx, [&] { runs.replay(); }) / recorded; });
}

} // namespace walt::benchmarks
