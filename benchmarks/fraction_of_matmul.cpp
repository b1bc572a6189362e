// How much of this machine's own matmul rate a training step and a sampling step reach, measured in the same run:
// the demo model, and two blocks at the paper's width of 1024. FLOPs are those that the meta device counts.
#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/cost.hpp>
#include <walt/diffusion/denoising.hpp>

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

template <class Config> walt::latent_batch drawn_batch(int samples) {
    walt::latent_batch batch;
    const walt::philox numbers{1, 1};
    batch.is_image.assign(static_cast<std::size_t>(samples), 0);
    batch.latents.resize(static_cast<std::size_t>(samples * Config::frames * Config::height * Config::width * Config::channels));
    for (std::size_t i = 0; i < batch.latents.size(); ++i) batch.latents[i] = numbers.normal(i);
    const auto positions = static_cast<std::size_t>((samples + 1) * Config::text_tokens);
    batch.text.assign(positions * static_cast<std::size_t>(Config::text_dim), 0.5f);
    batch.text_valid.assign(positions, 1);
    std::fill_n(batch.text_valid.begin(), Config::text_tokens, std::uint8_t{0});
    for (int f = 0; f < samples * Config::frames; ++f) batch.text_row.push_back(f / Config::frames + 1);
    return batch;
}

void report(benchmark::State& state, double flops, double matmul) {
    using counter = benchmark::Counter;
    state.counters["GFLOP/s"] = counter(flops * 1e-9, counter::kIsIterationInvariantRate);
    state.counters["of_matmul"] = counter(flops / matmul, counter::kIsIterationInvariantRate);
}

/// One loss and its gradient, without self-conditioning's first pass.
template <class Config, class T> void training_step(benchmark::State& state) {
    const auto samples = static_cast<int>(state.range(0));
    const walt::latent_batch batch = drawn_batch<Config>(samples);
    walt::denoising objective;
    objective.self_conditioning_rate = 0;
    walt::denoiser model(device(), Config{}, walt::compute<T>);
    walt::buffer<float> gradient(device(), model.extent);
    const double matmul = matmul_rate<T>();
    objective(model, batch, walt::gradients<float>{gradient.data()}, walt::philox{}); // makes the primitives, grows the arena
    for (auto _ : state) benchmark::DoNotOptimize(objective(model, batch, walt::gradients<float>{gradient.data()}, walt::philox{}));
    report(state, walt::training_cost(Config{}, walt::compute<T>, samples).flops, matmul);
}

/// One pass of the network, as a DDIM step without guidance needs it.
template <class Config, class T> void sampling_step(benchmark::State& state) {
    using latent = walt::view<float, walt::dynamic, Config::frames, Config::height, Config::width, Config::channels>;
    const std::int64_t samples = state.range(0), frames = samples * Config::frames;
    walt::latent_batch batch = drawn_batch<Config>(static_cast<int>(samples));
    std::vector<float> v(batch.latents.size());
    const std::vector<std::int32_t> step(static_cast<std::size_t>(frames), 500);
    walt::denoiser_input<float, Config> input;
    input.noisy = latent(batch.latents.data(), samples).read();
    input.step = walt::view<const std::int32_t, walt::dynamic>(step.data(), frames);
    input.is_image = walt::view<const std::uint8_t, walt::dynamic>(batch.is_image.data(), samples);
    input.text = walt::view<const float, walt::dynamic, Config::text_dim>(batch.text.data(), static_cast<std::int64_t>(batch.text_valid.size()));
    input.text_row = walt::view<const std::int32_t, walt::dynamic>(batch.text_row.data(), frames);
    input.text_valid = walt::view<const std::uint8_t, walt::dynamic>(batch.text_valid.data(), static_cast<std::int64_t>(batch.text_valid.size()));
    const walt::denoiser model(device(), Config{}, walt::compute<T>);
    const double matmul = matmul_rate<T>();
    model.predict(input, latent(v.data(), samples));
    for (auto _ : state) model.predict(input, latent(v.data(), samples));
    report(state, walt::sampling_cost(Config{}, walt::compute<T>, samples).flops, matmul);
}

BENCHMARK(training_step<walt::presets::demo, float>)->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(training_step<walt::presets::demo, walt::bf16>)->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sampling_step<walt::presets::demo, float>)->Arg(8)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sampling_step<walt::presets::demo, walt::bf16>)->Arg(8)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(training_step<width_1024, float>)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(training_step<width_1024, walt::bf16>)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sampling_step<width_1024, float>)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sampling_step<width_1024, walt::bf16>)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
