// The loop from noise to a sample: what the network answers, guided, under whatever sampler, schedule and prediction.
#pragma once

#include "../core/model.hpp"
#include "../core/recorded.hpp"
#include "../transformer/transformer.hpp"
#include "ddim.hpp"
#include "guidance.hpp"
#include "prediction.hpp"

#include <functional>
#include <vector>

namespace walt {

/// How to sample.
struct sampling {
    any_sampler sampler = ddim{};
    guidance guide{};
    walt::seed seed{0};
    bool images = false;                  ///< a sample is a stack of F images instead of a video
    std::function<void(int step)> seen{}; ///< called after each step with its number, counted from 0
    noise_schedule schedule{};            ///< that of the training
    prediction predicts = v_prediction;   ///< that of the training
};

namespace detail {
/// All that changes from step to step, looked up by a step's level: a device records one step and replays it for all.
template <class A> class step_tables {
  public:
    using share_of_step = double sampler_step::*;
    /// Members of sampler_step that any step uses, two or more.
    struct term {
        share_of_step share;
        view<A, dynamic> by_level;
    };
    std::vector<int> levels;
    view<A, dynamic> signal, noise, guided, unguided, x0_of_x, x0_of_answer, eps_of_x, eps_of_answer;
    std::vector<term> terms;

    template <class Context> step_tables(Context& ctx, const sampling& how) : levels(how.sampler.levels()) {
        std::vector<noise_level> path;
        std::vector<answer_reading> reading;
        for (const int level : levels) {
            path.push_back(how.schedule.at(level));
            reading.emplace_back(how.schedule, how.predicts, level);
        }
        path.push_back({1, 0});
        std::vector<sampler_step> steps;
        for (std::size_t k = 0; k < levels.size(); ++k) steps.push_back(how.sampler.at(path, k));

        const auto table = [&](auto&& number) {
            std::vector<A> by_level(noise_schedule::levels);
            for (std::size_t k = 0; k < levels.size(); ++k)
                by_level[static_cast<std::size_t>(levels[k])] = static_cast<A>(number(k));
            return to_device<A>(ctx, by_level);
        };
        signal = table([&](std::size_t k) { return path[k].signal; });
        noise = table([&](std::size_t k) { return path[k].noise; });
        guided = table([&](std::size_t k) { return how.guide.weight(levels[k]); });
        unguided = table([&](std::size_t k) { return 1 - how.guide.weight(levels[k]); });
        x0_of_x = table([&](std::size_t k) { return reading[k].x0_of_x; });
        x0_of_answer = table([&](std::size_t k) { return reading[k].x0_of_answer; });
        eps_of_x = table([&](std::size_t k) { return reading[k].eps_of_x; });
        eps_of_answer = table([&](std::size_t k) { return reading[k].eps_of_answer; });
        for (const auto share :
             {&sampler_step::x, &sampler_step::x0, &sampler_step::eps, &sampler_step::x0_before, &sampler_step::noise})
            for (const sampler_step& step : steps)
                if (step.*share != 0) {
                    terms.push_back({share, table([&](std::size_t k) { return steps[k].*share; })});
                    break;
                }
        if (terms.size() < 2) terms.push_back({&sampler_step::x0, table([](std::size_t) { return 0; })});
    }
    bool uses(share_of_step share) const {
        for (const term& one : terms)
            if (one.share == share) return true;
        return false;
    }
};
} // namespace detail

/// Takes `x` [B, F, H, W, C] (A) from noise to latents.
/// predict(input, answer): asks the context for the network's answer. It is `recorded` work: the same ops on the same
/// memory in every step. `input` comes with all conditions set, for B samples, or under guidance for 2 B: all samples
/// with their conditions, then all without what guidance leaves out; noisy, step and self_condition are set here.
/// Known frames (docs/model.md 15): x and the estimate of x0 hold them where the first half's mask is 1; a half whose
/// mask is 0 there sees them noised by what x had there at the start.
/// seen(k, x0) is called after step k with the guided estimate of x0; it gives back what it takes from the arena.
template <class Context, class A, class Config, class X, class Predict, class Seen>
void run_sampler(Context& ctx, const sampling& how, denoiser_input<A, Config> input, X x, Predict&& predict,
                 Seen&& seen) {
    using latent = view<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>;
    const arena::scope scope(ctx.arena);
    const bool guided = !how.guide.off(), knows = static_cast<bool>(input.known);
    const std::int64_t B = x.extent(0), frames = B * Config::frames, halves = guided ? 2 : 1;
    const auto take = [&](std::int64_t samples) {
        return ctx.arena.template take<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>(
            samples);
    };
    const detail::step_tables<A> tables(ctx, how);
    const bool draws = tables.uses(&sampler_step::noise);
    const latent answers = take(halves * B), estimates = take(halves * B), eps = take(B), before = take(B),
                 fresh = take(draws ? B : 0), shown = take(guided ? 2 * B : 0), start = take(guided && knows ? B : 0);
    const latent answer = answers.slice(0, B), x0 = estimates.slice(0, B);
    const auto step = ctx.arena.template take<std::int32_t, dynamic>(halves * frames);
    const auto ones = to_device<A>(ctx, std::vector<A>(static_cast<std::size_t>(frames), A(1)));
    const auto minus = to_device<A>(ctx, std::vector<A>(static_cast<std::size_t>(frames), A(-1)));
    const auto known = knows ? input.known.slice(0, B) : input.known;
    const auto mask = knows ? input.mask.slice(0, frames) : input.mask;
    const auto unknown = ctx.arena.template take<A, dynamic>(knows ? frames : 0);
    const auto hold_known = [&](latent in) {
        if (knows) ops::frame_blend(ctx, unknown, in, mask, known, in);
    };

    ops::fill(ctx, estimates, 0);
    if (knows) {
        if (guided) ops::convert(ctx, x, start);
        ops::frame_blend(ctx, ones, ones, minus, mask, unknown);
        hold_known(x);
    }
    input.noisy = (guided ? shown : x).read();
    input.step = step.read();
    if constexpr (Config::self_conditioning) input.self_condition = estimates.read();

    recorded one_step(ctx, [&] {
        const arena::scope temporaries(ctx.arena);
        const auto now = [&](view<A, dynamic> table) {
            const auto share = ctx.arena.template take<A, dynamic>(frames);
            ops::lookup(ctx, table, step.slice(0, frames), share);
            return share;
        };
        if (guided) {
            ops::convert(ctx, x, shown.slice(0, B));
            ops::convert(ctx, x, shown.slice(B, B));
            if (knows) { // the half without them
                const auto own = input.mask.slice(frames, frames);
                const auto seen_noised = ctx.arena.template take<A, dynamic>(frames),
                           seen_as_is = ctx.arena.template take<A, dynamic>(frames);
                ops::frame_blend(ctx, ones, mask, minus, own, seen_noised);
                ops::frame_blend(ctx, ones, ones, minus, seen_noised, seen_as_is);
                const latent noised = take(B);
                ops::frame_blend(ctx, now(tables.signal), known, now(tables.noise), start, noised);
                ops::frame_blend(ctx, seen_as_is, x, seen_noised, noised, shown.slice(B, B));
            }
        }
        predict(input, answers);
        if (guided) {
            const latent without = answers.slice(B, B);
            ops::frame_blend(ctx, now(tables.guided), answer, now(tables.unguided), without, without);
            if (how.guide.rescale > 0)
                ops::rescale_std(ctx, answer, without, static_cast<double>(how.guide.rescale), answer);
            else ops::convert(ctx, without, answer);
        }
        if (tables.uses(&sampler_step::x0_before)) ops::convert(ctx, x0, before);
        ops::frame_blend(ctx, now(tables.eps_of_x), x, now(tables.eps_of_answer), answer, eps);
        ops::frame_blend(ctx, now(tables.x0_of_x), x, now(tables.x0_of_answer), answer, x0);
        hold_known(x0);
        if (guided) ops::convert(ctx, x0, estimates.slice(B, B));

        const auto part = [&](double sampler_step::*share) -> latent {
            if (share == &sampler_step::x) return x;
            if (share == &sampler_step::x0) return x0;
            if (share == &sampler_step::eps) return eps;
            return share == &sampler_step::x0_before ? before : fresh;
        };
        const auto& terms = tables.terms; // x itself comes first
        ops::frame_blend(ctx, now(terms[0].by_level), part(terms[0].share), now(terms[1].by_level),
                         part(terms[1].share), x);
        for (std::size_t i = 2; i < terms.size(); ++i)
            ops::frame_blend(ctx, ones, x, now(terms[i].by_level), part(terms[i].share), x);
        hold_known(x);
    });
    for (std::size_t k = 0; k < tables.levels.size(); ++k) {
        ops::fill(ctx, step, tables.levels[k]);
        if (draws) ops::normal(ctx, philox{how.seed.value, 1 + k}, fresh);
        one_step();
        seen(static_cast<int>(k), x0.read());
    }
}

} // namespace walt
