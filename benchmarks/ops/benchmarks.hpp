// What the per-op benchmarks share: random operands from the device's arena, and how a benchmark is named and counted.
#pragma once

#include <walt/ops/cpu/context.hpp>
#include <walt/testing/gradient_check.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace walt::benchmarks {

/// A tensor of standard normals in the arena: normals<bf16, dynamic, 256>(ctx, stream, rows).
template <class T, int... Extent>
auto normals(cpu::context& ctx, std::uint64_t stream, std::same_as<std::int64_t> auto... sizes) {
    const auto x = ctx.arena.take<T, Extent...>(sizes...);
    testing::fill_normal(x, stream);
    return x;
}

template <class T> std::string name_of() { return std::same_as<T, bf16> ? "bf16" : "float"; }

/// Registers `name`: `make(ctx)` takes the operands and returns the run to time, which does `flops` operations or, for an
/// op that memory bounds, moves `bytes`.
struct work {
    double flops = 0, bytes = 0;
};
template <class Make> void add(const std::string& name, work per_run, Make make) {
    benchmark::RegisterBenchmark(
        name.c_str(),
        [=](benchmark::State& state) {
            cpu::context ctx;
            const auto run = make(ctx);
            run(); // what a device keeps after the first call: oneDNN's primitives, the arena's memory
            for (auto _ : state) run();
            using benchmark::Counter;
            if (per_run.flops > 0)
                state.counters["GFLOP/s"] = Counter(per_run.flops * 1e-9, Counter::kIsIterationInvariantRate);
            if (per_run.bytes > 0)
                state.counters["GB/s"] = Counter(per_run.bytes * 1e-9, Counter::kIsIterationInvariantRate);
        })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
}

} // namespace walt::benchmarks
