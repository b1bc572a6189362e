// The same small denoiser over windows, patches and ranks (the axes of the paper's Table 3): training and sampling
// steps a second, with FLOPs and peak activation memory from the meta device. Your own configuration is one line at the
// end.
#include <walt/cpu.hpp>
#include <walt/diffusion/cost.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/train/objective.hpp>

#include <benchmark/benchmark.h>

namespace {

struct base : walt::denoiser_config {
    static constexpr int hidden = 128, heads = 4, depth = 4;
};
template <int Height, int Width> struct windowed : base {
    static constexpr walt::window spatiotemporal_window{5, Height, Width};
};
struct full : base {
    static constexpr walt::attention_pattern pattern = walt::attention_pattern::full;
};
template <int Patch> struct patched : base {
    static constexpr int patch = Patch;
    static constexpr walt::window spatiotemporal_window{5, 8 / Patch, 8 / Patch};
};
template <int Rank> struct ranked : base { static constexpr int adaln_rank = Rank; };

walt::latents one_video() {
    walt::latents batch;
    batch.shape = {1, 5, 16, 16, 8};
    batch.is_image = {0};
    for (std::uint64_t i = 0; i < 5 * 16 * 16 * 8; ++i) batch.values.push_back(walt::philox{1, 1}.normal(i));
    return batch;
}

walt::denoising one_pass() {
    walt::denoising objective;
    objective.self_conditioning_rate = 0;
    return objective;
}

void report(benchmark::State& state, const walt::cost& step) {
    state.counters["steps/s"] = benchmark::Counter(1, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["GFLOP"] = step.flops * 1e-9;
    state.counters["peak_MB"] = static_cast<double>(step.activations) * 1e-6;
    state.counters["M_parameters"] = static_cast<double>(step.parameters) * 1e-6;
}

template <class Config> void training(benchmark::State& state) {
    const walt::latents batch = one_video();
    const walt::denoising objective = one_pass();
    walt::cpu::context device;
    walt::denoiser model(device, Config{}, walt::compute<walt::bf16>);
    walt::buffer<float> gradient(device, model.extent);
    for (auto _ : state)
        benchmark::DoNotOptimize(
            walt::loss_of(objective, model, batch, walt::gradients<float>{gradient.data()}, walt::philox{}));
    report(state, walt::training_cost(Config{}, walt::compute<walt::bf16>));
}

template <class Config> void sampling(benchmark::State& state) {
    using latent = walt::view<float, walt::dynamic, 5, 16, 16, 8>;
    walt::latents batch = one_video();
    std::vector<float> v(batch.values.size());
    const std::vector<std::int32_t> step(5, 500);
    walt::denoiser_input<float, Config> input;
    input.noisy = latent(batch.values.data(), 1).read();
    input.step = walt::view<const std::int32_t, walt::dynamic>(step.data(), 5);
    input.is_image = walt::view<const std::uint8_t, walt::dynamic>(batch.is_image.data(), 1);
    walt::cpu::context device;
    const walt::denoiser model(device, Config{}, walt::compute<walt::bf16>);
    for (auto _ : state) model.predict(input, latent(v.data(), 1));
    report(state, walt::sampling_cost(Config{}, walt::compute<walt::bf16>));
}

/// Both benchmarks of a config.
template <class Config> bool measure(const std::string& name) {
    benchmark::RegisterBenchmark(("training/" + name).c_str(), training<Config>)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("sampling/" + name).c_str(), sampling<Config>)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    return true;
}

const bool all[] = {
    measure<windowed<4, 4>>("window 5x4x4"),
    measure<windowed<8, 8>>("window 5x8x8"),
    measure<windowed<16, 16>>("window 5x16x16"),
    measure<full>("full attention"),
    measure<patched<1>>("patch 1"),
    measure<patched<2>>("patch 2"),
    measure<patched<4>>("patch 4"),
    measure<ranked<2>>("rank 2"),
    measure<ranked<16>>("rank 16"),
    measure<ranked<256>>("rank 256"),
    // measure<your_config>("your name"),
};

} // namespace
