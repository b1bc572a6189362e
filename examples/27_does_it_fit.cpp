// Does a training fit, and how long will it take? Its own code runs a step on the meta device, which has no memory and
// does no work, and is counted; what cannot fit is refused before anything is made.
// refuses: --batch 2000000000 => a batch of 2000000000 samples needs
// refuses: --tflops nan => 'nan' is not a number
// test: --steps 1000 --tflops 0.2
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/needs.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <fmt/core.h>

#include <chrono>

/// The rate of a large product on this machine, FLOP/s: a training reaches half to nine tenths of it (docs/results.md).
double measured_rate() {
    constexpr int n = 1024, times = 8;
    walt::cpu::context device;
    const auto x = device.arena.take<walt::bf16, walt::dynamic, n>(n),
               y = device.arena.take<walt::bf16, walt::dynamic, n>(n);
    const auto w = device.arena.take<walt::bf16, n, n>();
    walt::ops::fill(device, x, 1);
    walt::ops::fill(device, w, 1);
    walt::ops::linear(device, x, w, walt::none{}, y);
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) walt::ops::linear(device, x, w, walt::none{}, y);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    return 2.0 * n * n * n * times / took.count();
}

int main(int count, char** arguments) try {
    examples::program app("does a training fit, and how long will it take?");
    int batch = 32;
    std::int64_t steps = 7'000;
    double tflops = 0;
    app.add_option("--batch", batch, "samples a step")->check(CLI::PositiveNumber);
    app.add_option("--steps", steps, "steps of the denoiser and of the tokenizer")->check(CLI::PositiveNumber);
    app.add_option("--tflops", tflops, "TFLOP/s of the training; 0: that of a product here, measured")
        ->check(CLI::NonNegativeNumber);
    CLI11_PARSE(app, count, arguments);

    using demo = walt::presets::demo;
    const std::size_t latents =
        sizeof(float) * demo::frames * demo::height * demo::width * demo::channels * static_cast<std::size_t>(batch);
    if (const auto there = walt::available_memory())
        walt::require(latents <= *there, "a batch of {} samples needs {} for its latents alone, and {} are there",
                      batch, walt::detail::gigabytes(latents), walt::detail::gigabytes(*there));
    // [needs]
    using config = walt::presets::demo;
    walt::latents batch_of;
    batch_of.shape = {batch, config::frames, config::height, config::width, config::channels};
    batch_of.values.resize(static_cast<std::size_t>(batch_of.shape.size()));
    batch_of.text = walt::word_vectors().encode(std::vector<std::string>{"", "a text that all samples have"});
    batch_of.text.row.assign(static_cast<std::size_t>(batch) * config::frames, 1);
    const walt::training_needs denoiser = walt::needs_of([&](auto& device) {
        walt::denoiser model(device, config{}, walt::compute<walt::bf16>, walt::seed{1});
        walt::trainer trainer(model, walt::denoising{}, walt::adamw{});
        walt::ema average(model);
        trainer.step([&](std::int64_t) { return batch_of; });
    });
    walt::require_fits(denoiser, walt::available_memory());
    // [/needs]
    walt::clips clips{.shape = {3, 17, 48, 48}};
    clips.pixels.resize(static_cast<std::size_t>(clips.shape.size()));
    const walt::training_needs tokenizer = walt::needs_of([&](auto& device) {
        walt::tokenizer model(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
        walt::trainer trainer(model, walt::reconstruction{}, walt::adamw{});
        walt::ema average(model);
        trainer.step([&](std::int64_t) { return clips; });
    });
    walt::require_fits(tokenizer, walt::available_memory());

    const double rate = tflops > 0 ? tflops * 1e12 : measured_rate();
    fmt::print("denoiser, {} samples: {}\n", batch, walt::text_of(denoiser, steps, rate));
    fmt::print("tokenizer, 3 clips of 17 x 48 x 48: {}\n", walt::text_of(tokenizer, steps, rate));
    return denoiser.bytes() > 0 && tokenizer.bytes() > 0 ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
