// What the per-op benchmarks of all devices share: random operands from the device's arena, and how a benchmark is
// named and counted.
#pragma once

#include <walt/core/buffer.hpp>
#include <walt/core/dtype.hpp>
#include <walt/ops/diffusion.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

namespace walt::benchmarks {

/// A tensor of standard normals in the arena: normals<bf16, dynamic, 256>(ctx, stream, rows).
template <class T, int... Extent, class Context>
auto normals(Context& ctx, std::uint64_t stream, std::same_as<std::int64_t> auto... sizes) {
    const auto x = ctx.arena.template take<T, Extent...>(sizes...);
    ops::normal(ctx, philox{1, stream}, x);
    return x;
}

template <class T> std::string name_of() { return std::same_as<T, bf16> ? "bf16" : "float"; }

/// How long run() takes where a call returns when it is done.
template <class Context, class Run> double seconds_of(Context&, Run&& run) {
    const auto begun = std::chrono::steady_clock::now();
    run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

/// What a run does: operations, or for an op that memory bounds, bytes.
struct work {
    double flops = 0, bytes = 0;
};

/// Measures run() on a device, after one run that lets memory grow and plans be made.
template <class Context, class Run> void measure(Context& ctx, benchmark::State& state, work per_run, Run&& run) {
    run();
    for (auto _ : state) state.SetIterationTime(seconds_of(ctx, run));
    using benchmark::Counter;
    if (per_run.flops > 0)
        state.counters["GFLOP/s"] = Counter(per_run.flops * 1e-9, Counter::kIsIterationInvariantRate);
    if (per_run.bytes > 0) state.counters["GB/s"] = Counter(per_run.bytes * 1e-9, Counter::kIsIterationInvariantRate);
}

/// Registers `name`: `make(ctx)` takes the operands and returns the run to time. What a device refuses, memory that it
/// does not have for instance, is said in the benchmark's line.
template <class Context, class Make> void add(const std::string& name, work per_run, Make make) {
    benchmark::RegisterBenchmark(name.c_str(),
                                 [=](benchmark::State& state) {
                                     try {
                                         Context ctx;
                                         const arena::scope scope(ctx.arena);
                                         measure(ctx, state, per_run, make(ctx));
                                     } catch (const error& refused) {
                                         state.SkipWithError(refused.what());
                                     }
                                 })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
}

} // namespace walt::benchmarks
