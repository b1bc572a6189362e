// The benchmarks of a preset on the CUDA device: every op at its shapes, its training step and its sampling step.
#pragma once

#include "device.cuh"

#include "../ops/attention.hpp"
#include "../ops/inputs.hpp"
#include "../ops/norms.hpp"
#include "../ops/products.hpp"
#include "../steps.hpp"

#include <walt/presets.cuh>
#include <walt/train/trainer.hpp>

namespace walt::benchmarks {

/// A benchmark of a model, whose costs are those that the meta device counts.
template <class Run> void add_step(const std::string& name, Run run) {
    benchmark::RegisterBenchmark(name.c_str(),
                                 [=](benchmark::State& state) {
                                     try {
                                         run(state);
                                     } catch (const error& refused) {
                                         state.SkipWithError(refused.what());
                                     }
                                 })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
}

/// A whole step of training, optimizer and all; with self-conditioning's first pass or without it.
template <class Config> void training_step(benchmark::State& state, std::int64_t samples, bool self_conditioned) {
    ceilings::measured();
    walt::cuda::context ctx;
    denoiser model(ctx, Config{}, compute<bf16>);
    trainer train(model, denoising{.self_conditioning_rate = self_conditioned ? 1.0f : 0.0f});
    const latents batch = drawn_batch<Config>(samples);
    const auto source = [of = &batch](std::int64_t) -> const latents& { return *of; };
    train.step(source);
    cost of = training_cost(Config{}, compute<bf16>, samples);
    const cost first = sampling_cost(Config{}, compute<bf16>, samples);
    if (self_conditioned) of.flops += first.flops, of.bytes += first.bytes;
    measure_each(state, {of.flops, of.bytes}, [&] { return seconds_of(ctx, [&] { train.step(source); }); });
}

/// The network's part of a sampling step, as sampling replays it with prepared conditions; guidance doubles the batch.
template <class Config> void sampling_step(benchmark::State& state, std::int64_t samples, bool guided) {
    ceilings::measured();
    walt::cuda::context ctx;
    const denoiser model(ctx, Config{}, compute<bf16>);
    const arena::scope scope(ctx.arena);
    const std::int64_t asked = guided ? 2 * samples : samples;
    const auto input = drawn_input<Config>(ctx, asked);
    const auto given = model.prepare(input);
    const auto v =
        ctx.arena.take<float, dynamic, Config::frames, Config::height, Config::width, Config::channels>(asked);
    const cost of = sampling_cost(Config{}, compute<bf16>, asked);
    measure(ctx, state, {of.flops, of.bytes}, [&] { model.predict(input, given, v); });
}

template <class Config, class T> void add_ops(const std::string& preset, std::int64_t samples) {
    using device = walt::cuda::context;
    using dims = dimensions<Config>;
    constexpr int D = Config::hidden, M = dims::mlp_hidden;
    const std::string name = preset + "_" + std::to_string(samples);
    add_window<device, typename dims::spatial, T>(name + "_spatial", samples);
    if constexpr (Config::frames > 1)
        add_window<device, typename dims::spatiotemporal, T>(name + "_spatiotemporal", samples);
    if constexpr (dims::has_text) add_cross<device, typename dims::cross, T>(name, samples);
    add_denoiser<device, T, D, dims::tokens>(name, samples);
    add_inputs<device, typename dims::order, Config::frames, Config::height, Config::width, Config::channels,
               Config::patch, D, T>(name, samples);
    const std::int64_t rows = samples * Config::frames * dims::tokens;
    add_linear<device, T, D, 3 * D>(name + "_qkv", rows);
    add_linear<device, T, D, M>(name + "_mlp_in", rows);
    add_linear<device, T, M, D>(name + "_mlp_out", rows);
}

/// Everything of a preset, for one sample and for eight.
template <class Config> bool add_preset(const std::string& name) {
    for (const std::int64_t samples : {1, 8}) {
        add_ops<Config, bf16>(name, samples);
        const std::string end = "/" + name + "/" + std::to_string(samples);
        add_step("training_step" + end, [=](auto& state) { training_step<Config>(state, samples, false); });
        if (Config::self_conditioning)
            add_step("training_step_self_conditioned" + end,
                     [=](auto& state) { training_step<Config>(state, samples, true); });
        add_step("sampling_step" + end, [=](auto& state) { sampling_step<Config>(state, samples, false); });
        add_step("sampling_step_guided" + end, [=](auto& state) { sampling_step<Config>(state, samples, true); });
    }
    return true;
}

} // namespace walt::benchmarks
