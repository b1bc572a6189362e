// The loop from noise to a sample: what the network answers, guided, under whatever sampler, schedule and prediction.
#pragma once

#include "../core/model.hpp"
#include "../core/recorded.hpp"
#include "../transformer/transformer.hpp"
#include "ddim.hpp"
#include "guidance.hpp"
#include "prediction.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
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
    step_reuse reuse{};                   ///< whether blocks may be skipped; off: every step is computed whole

    void each_option(auto&& option) const {
        guide.each_option(option);
        reuse.each_option(option);
    }
    void check() const {
        const std::vector<int> visited = sampler.levels();
        require(!visited.empty(), "a sampler visits 1 level or more; this one has {}", visited.size());
        for (const int level : visited) check_option("a level that a sampler visits", level, ranges::level);
        for (std::size_t k = 1; k < visited.size(); ++k) // so none comes twice: what a step needs is looked up by level
            require(visited[k] < visited[k - 1], "a sampler counts down from level to level; {} follows {}", visited[k],
                    visited[k - 1]);
    }
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
        for (std::size_t k = 0; k < levels.size(); ++k) {
            const sampler_step& one = steps.emplace_back(how.sampler.at(path, k));
            require(std::isfinite(one.x + one.x0 + one.eps + one.x0_before + one.noise),
                    "the sampler's step from level {} is of numbers that are not finite: {} x_t, {} x0, {} eps, {} of "
                    "the x0 before and {} of noise",
                    levels[k], one.x, one.x0, one.eps, one.x0_before, one.noise);
        }

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

/// One step's parts. Under guidance there are two halves: all samples with their conditions, then all without what
/// guidance leaves out.
template <class Context, class A, class Config> class sampler_pass {
  public:
    using latent = view<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>;
    using numbers = view<A, dynamic>;

    sampler_pass(Context& ctx, const sampling& how, const denoiser_input<A, Config>& given, latent x)
        : input(given), tables(ctx, how), draws(tables.uses(&sampler_step::noise)), ctx_(ctx), how_(how), x_(x),
          guided_(!how.guide.off()), knows_(static_cast<bool>(given.known)), B_(x.extent(0)),
          frames_(B_ * Config::frames) {
        const std::int64_t halves = guided_ ? 2 : 1;
        answers = take(halves * B_);
        estimates_ = take(halves * B_);
        eps_ = take(B_);
        before_ = take(B_);
        fresh = take(draws ? B_ : 0);
        shown_ = take(guided_ ? 2 * B_ : 0);
        start_ = take(guided_ && knows_ ? B_ : 0);
        answer_ = answers.slice(0, B_);
        x0 = estimates_.slice(0, B_);
        step = ctx.arena.template take<std::int32_t, dynamic>(halves * frames_);
        ones_ = to_device<A>(ctx, std::vector<A>(static_cast<std::size_t>(frames_), A(1)));
        minus_ = to_device<A>(ctx, std::vector<A>(static_cast<std::size_t>(frames_), A(-1)));
        known_ = knows_ ? input.known.slice(0, B_) : input.known;
        mask_ = knows_ ? input.mask.slice(0, frames_) : input.mask;
        unknown_ = a_number_for_each_frame(knows_ ? frames_ : 0);

        ops::fill(ctx, estimates_, 0);
        if (knows_) {
            if (guided_) ops::convert(ctx, x_, start_);
            ops::frame_blend(ctx, ones_, ones_, minus_, mask_, unknown_);
            hold_known(x_);
        }
        input.noisy = (guided_ ? shown_ : x_).read();
        input.step = step.read();
        if constexpr (Config::self_conditioning) input.self_condition = estimates_.read();
    }

    denoiser_input<A, Config> input; ///< what the network is asked about
    step_tables<A> tables;
    bool draws;                       ///< whether the sampler adds noise
    latent answers, x0, fresh;        ///< of the network; the estimate; a step's noise
    view<std::int32_t, dynamic> step; ///< of each frame, of both halves

    /// What the network sees. Where the half without conditions does not know the known frames, it sees them noised.
    void show() const {
        if (!guided_) return;
        const latent with = shown_.slice(0, B_), without = shown_.slice(B_, B_);
        ops::convert(ctx_, x_, with);
        ops::convert(ctx_, x_, without);
        if (!knows_) return;
        const auto own = input.mask.slice(frames_, frames_);
        const numbers seen_noised = a_number_for_each_frame(frames_), seen_as_is = a_number_for_each_frame(frames_);
        ops::frame_blend(ctx_, ones_, mask_, minus_, own, seen_noised);
        ops::frame_blend(ctx_, ones_, ones_, minus_, seen_noised, seen_as_is);
        const latent noised = take(B_);
        ops::frame_blend(ctx_, now(tables.signal), known_, now(tables.noise), start_, noised);
        ops::frame_blend(ctx_, seen_as_is, x_, seen_noised, noised, without);
    }
    /// Of the answers of both halves, the one that guidance makes.
    void guide() const {
        if (!guided_) return;
        const latent without = answers.slice(B_, B_);
        ops::frame_blend(ctx_, now(tables.guided), answer_, now(tables.unguided), without, without);
        if (how_.guide.rescale == 0) return ops::convert(ctx_, without, answer_);
        const double share = static_cast<double>(how_.guide.rescale);
        const numbers asked = knows_ ? unknown_ : ones_; // what is answered for a known frame is of no use
        if (how_.images)                                 // a stack's frames are samples of their own
            ops::rescale_std(ctx_, as_images(answer_), as_images(without), share, asked, as_images(answer_));
        else ops::rescale_std(ctx_, answer_, without, share, asked, answer_);
    }
    /// x0 and eps, read from x and the answer.
    void estimate() const {
        if (tables.uses(&sampler_step::x0_before)) ops::convert(ctx_, x0, before_);
        ops::frame_blend(ctx_, now(tables.eps_of_x), x_, now(tables.eps_of_answer), answer_, eps_);
        ops::frame_blend(ctx_, now(tables.x0_of_x), x_, now(tables.x0_of_answer), answer_, x0);
        hold_known(x0);
        if (guided_) ops::convert(ctx_, x0, estimates_.slice(B_, B_));
    }
    /// x of the next level: the sampler's sum.
    void advance() const {
        const auto& terms = tables.terms; // x itself comes first
        ops::frame_blend(ctx_, now(terms[0].by_level), part(terms[0].share), now(terms[1].by_level),
                         part(terms[1].share), x_);
        for (std::size_t i = 2; i < terms.size(); ++i)
            ops::frame_blend(ctx_, ones_, x_, now(terms[i].by_level), part(terms[i].share), x_);
        hold_known(x_);
    }

  private:
    latent take(std::int64_t samples) const {
        return ctx_.arena.template take<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>(
            samples);
    }
    auto as_images(latent of) const {
        using image = view<A, dynamic, 1, Config::height, Config::width, Config::channels>;
        return image(of.data(), frames_);
    }
    numbers a_number_for_each_frame(std::int64_t count) const { return ctx_.arena.template take<A, dynamic>(count); }
    /// A table's number for this step.
    numbers now(numbers table) const {
        const numbers share = a_number_for_each_frame(frames_);
        ops::lookup(ctx_, table, step.slice(0, frames_), share);
        return share;
    }
    void hold_known(latent in) const {
        if (knows_) ops::frame_blend(ctx_, unknown_, in, mask_, known_, in);
    }
    latent part(double sampler_step::*share) const {
        if (share == &sampler_step::x) return x_;
        if (share == &sampler_step::x0) return x0;
        if (share == &sampler_step::eps) return eps_;
        return share == &sampler_step::x0_before ? before_ : fresh;
    }

    Context& ctx_;
    const sampling& how_;
    latent x_;
    bool guided_, knows_;
    std::int64_t B_, frames_; ///< samples, and their frames
    latent estimates_, eps_, before_, shown_, start_, answer_;
    typename denoiser_input<A, Config>::latent known_;
    decltype(denoiser_input<A, Config>::mask) mask_;
    numbers ones_, minus_, unknown_;
};
} // namespace detail

/// x [B, F, H, W, C] becomes standard normal numbers, those of each sample by its noise's name (conditions::noise).
template <class Context, class X>
void fill_noise(Context& ctx, std::uint64_t seed, std::span<const std::uint64_t> noise, X x) {
    for (std::int64_t b = 0; b < x.extent(0); ++b) {
        const auto place = static_cast<std::size_t>(b);
        ops::normal(ctx, philox{seed, noise.empty() ? place : noise[place]}, x.slice(b, 1));
    }
}

/// Takes `x` [B, F, H, W, C] (A) from noise to latents.
/// predict(input, answer): asks the context for the network's answer. It is `recorded` work: the same ops on the same
/// memory in every step, unless how.reuse lets predict decide on the host. `input` comes with all conditions set, for B
/// samples, or under guidance for 2 B: all samples with their conditions, then all without what guidance leaves out;
/// noisy, step and self_condition are set here. Known frames (docs/model.md 15): x and the estimate of x0 hold them
/// where the first half's mask is 1; a half whose mask is 0 there sees them noised by what x had there at the start.
/// seen(k, x0) is called after step k with the guided estimate of x0; it gives back what it takes from the arena.
/// `noise` names that of each sample, for samplers that add some in every step; empty: 0, 1, ...
template <class Context, class A, class Config, class X, class Predict, class Seen>
void run_sampler(Context& ctx, const sampling& how, denoiser_input<A, Config> input, X x, Predict&& predict,
                 Seen&& seen, std::span<const std::uint64_t> noise = {}) {
    check_options(how);
    const arena::scope scope(ctx.arena);
    const detail::sampler_pass<Context, A, Config> pass(ctx, how, input, x);
    const auto one_step = [&] {
        const arena::scope temporaries(ctx.arena);
        pass.show();
        predict(pass.input, pass.answers);
        pass.guide();
        pass.estimate();
        pass.advance();
    };
    recorded same_step(ctx, one_step);
    for (std::size_t k = 0; k < pass.tables.levels.size(); ++k) {
        ops::fill(ctx, pass.step, pass.tables.levels[k]);
        if (pass.draws)
            fill_noise(ctx, (how.seed.value ^ 0x6672657368u) + (k + 1) * 0x9E3779B97F4A7C15u, noise, pass.fresh);
        if (how.reuse.off()) same_step();
        else one_step();
        seen(static_cast<int>(k), pass.x0.read());
    }
}

} // namespace walt
