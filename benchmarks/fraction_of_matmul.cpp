// How much of this machine's own matmul rate a training step and a sampling step reach, measured in the same run:
// the demo model, and two blocks at the paper's width of 1024. FLOPs are those that the meta device counts.
#include "steps.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>

#include <benchmark/benchmark.h>

#include <chrono>

namespace {

/// Two blocks of W.A.L.T-L.
struct width_1024 : walt::denoiser_config {
    static constexpr int depth = 2;
};

walt::cpu::context& device() {
    static walt::cpu::context one;
    return one;
}

/// FLOP/s of a 2048 x 2048 x 2048 product, best of a few; the denominator of `of_matmul`.
template <class T> double matmul_rate() {
    static const double rate = [] {
        constexpr int n = 2048;
        auto& ctx = device();
        const walt::arena::scope scope(ctx.arena);
        const auto x = ctx.arena.take<T, walt::dynamic, n>(n), y = ctx.arena.take<T, walt::dynamic, n>(n);
        const auto w = ctx.arena.take<T, n, n>();
        walt::ops::fill(ctx, x, 0.5);
        walt::ops::fill(ctx, w, 0.5);
        double best = 1e30;
        for (int i = 0; i < 8; ++i) {
            const auto begun = std::chrono::steady_clock::now();
            walt::ops::linear(ctx, x, w, walt::none{}, y);
            best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
        }
        return 2.0 * n * n * n / best;
    }();
    return rate;
}

void report(benchmark::State& state, double flops, double matmul) {
    using counter = benchmark::Counter;
    state.counters["GFLOP/s"] = counter(flops * 1e-9, counter::kIsIterationInvariantRate);
    state.counters["of_matmul"] = counter(flops / matmul, counter::kIsIterationInvariantRate);
}

/// One loss and its gradient, without self-conditioning's first pass.
template <class Config, class T> void training_step(benchmark::State& state) {
    const std::int64_t samples = state.range(0);
    const walt::latents batch = walt::benchmarks::drawn_batch<Config>(samples);
    walt::denoising objective;
    objective.self_conditioning_rate = 0;
    walt::denoiser model(device(), Config{}, walt::compute<T>);
    walt::buffer<float> gradient(device(), model.extent);
    const double matmul = matmul_rate<T>();
    for (int i = 0; i < 2; ++i) // makes the primitives; grows the arena piece by piece, then once in one piece
        walt::loss_of(objective, model, batch, walt::gradients<float>{gradient.data()}, walt::philox{});
    for (auto _ : state)
        benchmark::DoNotOptimize(
            walt::loss_of(objective, model, batch, walt::gradients<float>{gradient.data()}, walt::philox{}));
    report(state, walt::training_cost(Config{}, walt::compute<T>, samples).flops, matmul);
}

/// One pass of the network, as a DDIM step without guidance needs it.
template <class Config, class T> void sampling_step(benchmark::State& state) {
    const std::int64_t samples = state.range(0);
    auto& ctx = device();
    const walt::arena::scope scope(ctx.arena);
    const auto input = walt::benchmarks::drawn_input<Config>(ctx, samples);
    const auto v =
        ctx.arena.take<float, walt::dynamic, Config::frames, Config::height, Config::width, Config::channels>(samples);
    const walt::denoiser model(device(), Config{}, walt::compute<T>);
    const double matmul = matmul_rate<T>();
    for (int i = 0; i < 2; ++i) model.predict(input, v);
    for (auto _ : state) model.predict(input, v);
    report(state, walt::sampling_cost(Config{}, walt::compute<T>, samples).flops, matmul);
}

BENCHMARK(training_step<walt::presets::demo, float>)->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(training_step<walt::presets::demo, walt::bf16>)->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sampling_step<walt::presets::demo, float>)->Arg(8)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sampling_step<walt::presets::demo, walt::bf16>)->Arg(2)->Arg(8)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(training_step<width_1024, float>)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(training_step<width_1024, walt::bf16>)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sampling_step<width_1024, float>)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sampling_step<width_1024, walt::bf16>)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
