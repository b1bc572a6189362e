// An ablation in one file: three variants by inheritance, trained briefly on the same data and seed, in a table and a
// plot.
// test: --steps 4
#include "program.hpp"

#include <walt/config/json.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/cost.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/io/plot.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>

struct base : walt::denoiser_config {
    static constexpr int frames = 3, height = 8, width = 8, channels = 4, hidden = 64, heads = 2, depth = 4,
                         classes = 4;
    static constexpr walt::window spatiotemporal_window{3, 4, 4};
};
struct small_windows : base {
    static constexpr walt::window spatiotemporal_window{3, 2, 2};
};
struct full_attention : base {
    static constexpr walt::attention_pattern pattern = walt::attention_pattern::full;
};

/// Waves whose direction is the label: something to learn without a file.
walt::latents waves(std::int64_t n) {
    walt::latents batch;
    batch.shape = {8, 3, 8, 8, 4};
    for (std::uint64_t b = 0; b < 8; ++b) {
        const walt::philox numbers{1, static_cast<std::uint64_t>(n) * 8 + b};
        const auto label = static_cast<int>(numbers.below(0, 4));
        const float phase = 6.2832f * numbers.uniform(1);
        batch.labels.insert(batch.labels.end(), 3, label);
        for (int f = 0; f < 3; ++f)
            for (int y = 0; y < 8; ++y)
                for (int x = 0; x < 8; ++x)
                    for (int c = 0; c < 4; ++c)
                        batch.values.push_back(
                            1.4f * std::sin(phase + 0.8f * static_cast<float>((label & 1 ? x : y) +
                                                                              (label & 2 ? f : -f) + 2 * c)));
    }
    return batch;
}

/// Trains a variant; prints its row and returns its curve.
template <class Config> walt::curve measure(const char* name, std::int64_t steps) {
    const walt::cost step = walt::training_cost(Config{}, walt::compute<walt::bf16>, 8);
    walt::cpu::context device;
    walt::denoiser model(device, Config{}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer trainer(model, walt::denoising{}, walt::adamw{.learning_rate = 2e-3f},
                          {.rate = {.warmup = 10, .total = steps}, .seed = walt::seed{1}});
    walt::curve losses{name, {}};
    double last = 0;
    auto begun = std::chrono::steady_clock::now();
    for (std::int64_t n = 0; n < steps; ++n) {
        const double loss = trainer.step(waves).loss;
        last = n == 0 ? loss : 0.95 * last + 0.05 * loss;
        losses.points.emplace_back(static_cast<double>(n + 1), last);
        if (n == 0) begun = std::chrono::steady_clock::now(); // the first step makes what the others reuse
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    fmt::print("{:16} {:10.3f} {:12} {:10.2f} {:10.1f}\n", name, last, step.parameters, step.flops * 1e-9,
               static_cast<double>(steps - 1) / seconds);
    return losses;
}

int main(int count, char** arguments) try {
    examples::program app("three variants of one model");
    std::int64_t steps = 300;
    app.add_option("--steps", steps, "of every variant's training")->check(CLI::Range(2, 1'000'000));
    CLI11_PARSE(app, count, arguments);
    fmt::print("{:16} {:>10} {:>12} {:>10} {:>10}\n", "variant", "loss", "parameters", "GFLOP", "steps/s");
    const std::vector<walt::curve> curves{measure<base>("windows 3x4x4", steps),
                                          measure<small_windows>("windows 3x2x2", steps),
                                          measure<full_attention>("full attention", steps)};
    walt::write_curves("ablation.svg", "Three variants, same data and seed", "step", "loss", curves);
    const bool finite = std::all_of(curves.begin(), curves.end(),
                                    [](const walt::curve& one) { return std::isfinite(one.points.back().second); });
    return finite ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
