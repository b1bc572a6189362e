// What scripts/roofline computes with: every op of a training step and of a pass of sampling, counted by the library
// itself. A line of output: preset, samples, pass, op, m, n, k, windows, calls, FLOPs of a call, bytes of a call.
#include "listing_context.hpp"

#include "../steps.hpp"

#include <walt/config/presets.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

#include <cmath>
#include <cstdio>

namespace walt::benchmarks {

/// Those that the listing context knows by name, and the rest as one line. The FLOPs are those of cost.hpp, which has a
/// text less (the empty one) and projects the texts in every pass.
void print(const listing::context& ctx, const char* preset, std::int64_t samples, const char* pass, double expected) {
    require(std::abs(ctx.flops - expected) <= 0.02 * expected, "{}, {}: {} FLOPs are listed and {} expected", preset,
            pass, ctx.flops, expected);
    double flops = ctx.flops, bytes = ctx.bytes;
    std::int64_t rest = ctx.calls;
    const auto line = [&](const listing::op& one, std::int64_t calls) {
        fmt::print("{} {} {} {} {} {} {} {} {} {:.0f} {:.0f}\n", preset, samples, pass, one.name, one.m, one.n, one.k,
                   one.windows, calls, one.flops, one.bytes);
    };
    for (const auto& [one, calls] : ctx.listed) {
        line(one, calls);
        flops -= calls * one.flops;
        bytes -= calls * one.bytes;
        rest -= calls;
    }
    line({.name = "other", .flops = flops / static_cast<double>(rest), .bytes = bytes / static_cast<double>(rest)},
         rest);
}

/// As gpu_steps has them: without self-conditioning's first pass, without an average; the conditions of sampling
/// prepared.
template <class Config> void print_passes(const char* preset, std::int64_t samples) {
    listing::context ctx;
    denoiser model(ctx, Config{}, compute<bf16>);
    const auto forget = [&] {
        ctx.listed.clear();
        ctx.flops = ctx.bytes = 0;
        ctx.calls = 0;
    };
    trainer train(model, denoising{.self_conditioning_rate = 0.0f});
    const latents batch = drawn_batch<Config>(samples);
    forget();
    train.step([&](std::int64_t) -> const latents& { return batch; });
    print(ctx, preset, samples, "training", training_cost(Config{}, compute<bf16>, samples).flops);

    const arena::scope scope(ctx.arena);
    const auto input = drawn_input<Config>(ctx, samples);
    const auto given = model.prepare(input);
    const auto v =
        ctx.arena.take<float, dynamic, Config::frames, Config::height, Config::width, Config::channels>(samples);
    forget();
    model.predict(input, given, v);
    print(ctx, preset, samples, "sampling", sampling_cost(Config{}, compute<bf16>, samples).flops);
}

} // namespace walt::benchmarks

int main() try {
    using namespace walt::benchmarks;
    print_passes<walt::presets::walt_l>("walt_l", 8);
    print_passes<walt::presets::cascade_base>("cascade_base", 4);
    print_passes<walt::presets::cascade_256x448>("cascade_256x448", 4);
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
