// DDIM (Song et al.; spec 2): from noise to a sample in S steps, with trailing spacing, so that sampling starts at the
// level that is all noise; classifier-free guidance; self-conditioning on the guided estimate of the step before.
#pragma once

#include "../core/repeated.hpp"
#include "../transformer/transformer.hpp"
#include "guidance.hpp"
#include "v_prediction.hpp"

namespace walt {

struct ddim {
    int steps = 50;
    float eta = 0.0f; ///< 0: deterministic, 1: as much noise as the forward process

    /// The level of step k: round((S - k) N / S) - 1, that is 999, 979, ..., 19 for 50 steps.
    std::vector<int> levels() const {
        require(steps >= 1 && steps <= noise_schedule::levels, "DDIM takes 1 to {} steps, not {}",
                noise_schedule::levels, steps);
        require(eta >= 0, "DDIM's eta must not be negative; it is {}", eta);
        std::vector<int> list;
        for (int k = 0; k < steps; ++k)
            list.push_back(
                static_cast<int>(std::lround(static_cast<double>(steps - k) * noise_schedule::levels / steps)) - 1);
        return list;
    }
};

/// Coefficients of one step, x' = x0_share x0 + eps_share eps + noise_share noise.
struct ddim_update {
    double x0_share, eps_share, noise_share;
    ddim_update(double gamma, double gamma_next, double eta) {
        const double sigma = eta == 0 || gamma_next >= 1
                                 ? 0.0
                                 : eta * std::sqrt((1 - gamma_next) / (1 - gamma)) * std::sqrt(1 - gamma / gamma_next);
        x0_share = std::sqrt(gamma_next);
        eps_share = std::sqrt(std::max(0.0, 1 - gamma_next - sigma * sigma));
        noise_share = sigma;
    }
};

/// Runs DDIM on `x` [B, F, H, W, C] (A), which comes as noise and leaves as latents.
/// predict(input, conditional, v): asks the context for the network's v of the input; with guidance it is called twice
/// a step, and `conditional` says which. It is `repeated` work: the same ops on the same memory in every step. `input`
/// comes with all conditions set; noisy, step and self_condition are set here. seen(k, x0) is called after step k with
/// the guided estimate of x0; it gives back what it takes from the arena.
template <class Context, class A, class Config, class X, class Predict, class Seen>
void run_ddim(Context& ctx, const ddim& sampler, const guidance& guide, const noise_schedule& schedule,
              denoiser_input<A, Config> input, philox noise, X x, Predict&& predict, Seen&& seen) {
    using latent = view<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>;
    const arena::scope scope(ctx.arena);
    const std::int64_t batch = x.extent(0), frames = batch * Config::frames;
    const auto take = [&] {
        return ctx.arena.template take<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>(
            batch);
    };
    const latent v = take(), v_uncond = take(), x0 = take(), eps = take(), fresh = take();
    const auto step = ctx.arena.template take<std::int32_t, dynamic>(frames);
    const std::vector<int> levels = sampler.levels();

    // All that changes from step to step is looked up by its level, so that a device can record a step and replay it.
    const auto by_level = [&](auto&& number) {
        std::vector<A> table(noise_schedule::levels);
        for (std::size_t k = 0; k < levels.size(); ++k)
            table[static_cast<std::size_t>(levels[k])] = static_cast<A>(number(k));
        return to_device<A>(ctx, table);
    };
    const auto update = [&](std::size_t k) {
        const double next = k + 1 < levels.size() ? schedule.gamma(levels[k + 1]) : 1.0;
        return ddim_update(schedule.gamma(levels[k]), next, static_cast<double>(sampler.eta));
    };
    const noise_tables<A> tables(ctx, schedule);
    const auto guided = by_level([&](std::size_t k) { return guide.weight(levels[k]); });
    const auto unguided = by_level([&](std::size_t k) { return 1 - guide.weight(levels[k]); });
    const auto x0_shares = by_level([&](std::size_t k) { return update(k).x0_share; });
    const auto eps_shares = by_level([&](std::size_t k) { return update(k).eps_share; });
    const auto noise_shares = by_level([&](std::size_t k) { return update(k).noise_share; });
    const auto ones = by_level([](std::size_t) { return 1.0; });

    input.noisy = x.read();
    input.step = step.read();
    if constexpr (Config::self_conditioning) {
        ops::fill(ctx, x0, 0);
        input.self_condition = x0.read();
    }
    repeated one_step(ctx, [&] {
        const arena::scope temporaries(ctx.arena);
        const auto now = [&](view<A, dynamic> table) {
            const auto share = ctx.arena.template take<A, dynamic>(frames);
            ops::lookup(ctx, table, step, share);
            return share;
        };
        predict(input, true, v);
        if (!guide.off()) {
            predict(input, false, v_uncond);
            ops::frame_blend(ctx, now(guided), v, now(unguided), v_uncond, v_uncond); // the guided v
            if (guide.rescale > 0) ops::rescale_std(ctx, v, v_uncond, static_cast<double>(guide.rescale), v);
            else ops::convert(ctx, v_uncond, v);
        }
        const v_prediction<A> at(ctx, tables, step);
        at.eps_of(ctx, x, v, eps);
        at.x0_of(ctx, x, v, x0);
        ops::frame_blend(ctx, now(x0_shares), x0, now(eps_shares), eps, x);
        if (sampler.eta > 0) ops::frame_blend(ctx, now(ones), x, now(noise_shares), fresh, x);
    });
    for (std::size_t k = 0; k < levels.size(); ++k) {
        ops::fill(ctx, step, levels[k]);
        if (sampler.eta > 0) ops::normal(ctx, philox{noise.seed, noise.stream + k}, fresh);
        one_step();
        seen(static_cast<int>(k), x0.read());
    }
}

} // namespace walt
