// A preset's training step and sampling step: milliseconds by the host's clock, with recording and without.
#include "probe.hpp"

#include "../steps.hpp"

#include <walt/presets.cuh>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

template struct walt::denoiser<walt::cuda::context, walt::presets::PRESET, walt::bf16>;

namespace probes {
using namespace walt;
using namespace walt::benchmarks;
using config = presets::PRESET;

void measure(walt::cuda::context& ctx, std::int64_t samples) {
    const latents batch = walt::benchmarks::drawn_batch<config>(samples);
    const auto source = [of = &batch](std::int64_t) -> const latents& { return *of; };
    const double flops = training_cost(config{}, compute<bf16>, samples).flops;
    double begun = now();
    denoiser model(ctx, config{}, compute<bf16>);
    for (const bool record : {false, true}) {
        trainer train(model, denoising{.self_conditioning_rate = 0.0f, .record = record});
        ctx.synchronize();
        if (!record)
            fmt::print("{} samples, the fastest of {} algorithms: model and trainer made in {:.1f} s\n", samples,
                       ctx.products.tried, now() - begun);
        for (int i = 0; i < 4; ++i) train.step(source);
        const int steps = 8;
        begun = now();
        step_result last;
        for (int i = 0; i < steps; ++i) last = train.step(source);
        const double ms = 1e3 * (now() - begun) / steps;
        std::size_t free = 0, all = 0;
        cudaMemGetInfo(&free, &all);
        fmt::print("  training step{}: {:.2f} ms, {:.0f} TFLOP/s, loss {:.4f}, norm {:.4f}, memory {:.1f} GB\n",
                   record ? ", recorded" : "", ms, 1e-9 * flops / ms, last.loss, last.gradient_norm,
                   1e-9 * static_cast<double>(all - free));
        std::fflush(stdout);
    }
    const arena::scope scope(ctx.arena);
    const auto input = walt::benchmarks::drawn_input<config>(ctx, samples);
    const auto given = model.prepare(input);
    const auto v =
        ctx.arena.take<float, dynamic, config::frames, config::height, config::width, config::channels>(samples);
    const double ms = recorded_ms(
        ctx, [&] { model.predict(input, given, v); }, 1, 5);
    fmt::print("  pass of sampling, replayed: {:.2f} ms, {:.0f} TFLOP/s\n", ms,
               1e-9 * sampling_cost(config{}, compute<bf16>, samples).flops / ms);
    std::fflush(stdout);
}

} // namespace probes

int main(int count, char** arguments) try {
    for (const int tried : {1, 5}) {
        walt::cuda::context ctx;
        ctx.products.tried = tried;
        for (int i = 1; i < count; ++i) probes::measure(ctx, std::atoll(arguments[i]));
    }
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
