// The training objective of the denoiser (paper sec. 3, 4.3, 4.4; docs/model.md 2): noise a latent, predict v;
// self-conditioning, dropped conditions, frame prediction and noised low-resolution inputs are drawn here.
#pragma once

#include "../core/range.hpp"
#include "../core/recorded.hpp"
#include "draws.hpp"
#include "prediction.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace walt {

/// How diffusion steps are drawn in training.
struct step_distribution {
    bool logit_normal = false;           ///< off: uniform, the paper's
    float mean = 0.0f, deviation = 1.0f; ///< of logit(step / 1000), when logit-normal

    void each_option(auto&& option) const {
        option("step_distribution::logit_normal", logit_normal, ranges::share);
        option("step_distribution::mean", mean, range{-100, 100});
        option("step_distribution::deviation", deviation, range{0, 100});
    }
    int draw(const philox& numbers, std::uint64_t i) const {
        constexpr int levels = noise_schedule::levels;
        if (!logit_normal) return static_cast<int>(numbers.below(i, levels));
        const double x = static_cast<double>(mean + deviation * numbers.normal(i));
        return std::min(levels - 1, static_cast<int>(levels / (1 + std::exp(-x))));
    }
};

/// Which latent frames of a video training knows, by their probabilities (models with frame_prediction; docs/model.md
/// 15). Their sum is how often any are known.
struct knowing {
    float first = 0.15f;     ///< the first: a picture becomes a video
    float first_two = 0.15f; ///< the first two, 5 frames of pixels: a video goes on
    float ends = 0;          ///< the first and the last: what lies between two pictures

    float rate() const { return first + first_two + ends; }
    /// The mask of a video's F frames, by two draws of [0, 1). A video has a frame or more that is not known.
    std::vector<float> mask(int F, float any, float which) const {
        std::vector<float> known(static_cast<std::size_t>(F));
        if (any >= rate()) return known;
        const float of = which * rate();
        const bool two = of >= first && of < first + first_two;
        if (F > (of < first ? 1 : 2)) {
            known.front() = 1;
            if (two) known[1] = 1;
            else if (of >= first) known.back() = 1;
        }
        return known;
    }
    void each_option(auto&& option) const {
        option("knowing::first", first, ranges::share);
        option("knowing::first_two", first_two, ranges::share);
        option("knowing::ends", ends, ranges::share);
    }
    void check() const {
        require(rate() <= 1.0f + 1e-6f,
                "the probabilities of known frames (knowing::first, first_two, ends) are together 1 or less; they are "
                "{}, {} and {}",
                first, first_two, ends);
    }
};
namespace presets {
/// Kinetics-600: of 17 frames of pixels 5 are given and 12 predicted, always (paper sec. 5.1).
inline constexpr knowing kinetics_600_knows{.first = 0, .first_two = 1};
} // namespace presets

/// The objective: operator()(model, batch, gradients, philox, loss). Rates are probabilities; the paper gives
/// self_conditioning_rate, the others are choices.
struct denoising {
    using of_config = denoiser_config;
    using batch_type = latents;

    float self_conditioning_rate = 0.9f; ///< of batches that first estimate x0 from zeros
    float condition_drop = 0.1f;         ///< of samples (or images) that are told nothing: for guidance
    knowing knows{};                     ///< frames of videos (models with frame_prediction)
    int low_resolution_noise = 300;      ///< super-resolution: noise of the low-resolution input up to this level
    step_distribution levels{};
    activations keep = activations::all;
    noise_schedule schedule{};
    prediction predicts = v_prediction;
    bool record = false; ///< devices that can (cuda) record the passes of each shape of batch and replay them

    void each_option(auto&& option) const {
        option("denoising::self_conditioning_rate", self_conditioning_rate, ranges::share);
        option("denoising::condition_drop", condition_drop, ranges::share);
        option("denoising::low_resolution_noise", low_resolution_noise, range{0, noise_schedule::levels - 1});
        knows.each_option(option);
        levels.each_option(option);
        // Of functions, what they give (as far as processors agree): a run that goes on with others is told so.
        const noise_level middle = schedule.at(noise_schedule::levels / 2);
        const answer_shares answer = predicts ? predicts(middle) : answer_shares{std::nan(""), std::nan("")};
        option("denoising::predicts(500).x0", static_cast<float>(answer.x0), ranges::finite);
        option("denoising::predicts(500).eps", static_cast<float>(answer.eps), ranges::finite);
        option("denoising::schedule(500).signal", static_cast<float>(middle.signal), ranges::finite);
        option("denoising::schedule(999).signal", static_cast<float>(schedule.at(noise_schedule::levels - 1).signal),
               ranges::finite);
    }
    void check() const { knows.check(); }

    /// What chance decides about a batch; `random` is the micro-batch's own sequence.
    template <class Config> draws draw(const latents& batch, philox random) const {
        constexpr int F = Config::frames;
        batch.check();
        check_options(*this);
        if (Config::text_dim > 0 && condition_drop > 0) batch.text.require_empty("frames that are told nothing have");
        const std::int64_t B = batch.shape.count;
        const auto sequence = [&](std::uint64_t i) { return philox{random.seed, random.stream * 4 + i}; };
        const auto chance = [&](std::int64_t what, std::int64_t i) {
            return sequence(0).uniform(static_cast<std::uint64_t>(what * B * F + i));
        };
        draws drawn{.noise = sequence(1), .low_noise = sequence(1)};
        drawn.low_noise.seed ^= 0x5bd1e995u;
        drawn.estimate_first = Config::self_conditioning && chance(3, 0) < self_conditioning_rate;
        for (std::int64_t b = 0; b < B; ++b) {
            const bool image = batch.is_stack(b);
            for (int f = 0; f < F; ++f) {
                const std::int64_t own = b * F + (image ? f : 0); // a video's frames share their draws
                drawn.level.push_back(levels.draw(sequence(2), static_cast<std::uint64_t>(own)));
                drawn.dropped.push_back(chance(0, own) < condition_drop);
            }
            const std::vector<float> mask =
                image ? std::vector<float>(F) : knows.mask(F, chance(1, b * F), chance(2, b * F));
            drawn.mask.insert(drawn.mask.end(), mask.begin(), mask.end());
            drawn.low_level.push_back(static_cast<std::int32_t>(sequence(3).below(
                static_cast<std::uint64_t>(b), static_cast<std::uint32_t>(low_resolution_noise + 1))));
        }
        return drawn;
    }

    /// Writes the loss of a batch to `loss` on the device and adds its gradient to g; the host does not wait.
    template <class Model, class Sink, class A>
    void operator()(Model& model, const latents& batch, const Sink& g, philox random, view<A, 1> loss) const {
        using config = typename Model::config_type;
        using latent = typename drawn_batch<A, config>::latent;
        auto& ctx = model.context();
        const arena::scope scope(ctx.arena);
        const draws drawn = draw<config>(batch, random);
        auto on = on_device(model, batch, drawn, schedule, record);
        const frame_mixtures<A> diffusion(ctx, schedule, predicts, drawn.level);
        const latent x_t = on.like_x0(ctx), target = on.like_x0(ctx), estimate = on.like_x0(ctx);
        diffusion.noisy(ctx, on.x0, on.eps, x_t);
        if (on.input.mask) ops::frame_blend(ctx, on.weight, x_t, on.input.mask, on.x0, x_t); // known frames are clean
        diffusion.target(ctx, on.x0, on.eps, target);
        on.input.noisy = x_t.read();

        const auto passes = [](auto& c, Model& asked, denoiser_input<A, config> in, activations kept, bool twice,
                               const frame_mixtures<A>& at, latent first, latent wanted, view<A, dynamic> weight,
                               view<A, 1> to, const Sink& sink) {
            if (twice) {
                estimate_x0(asked, in, at, first);
                if (in.mask) ops::frame_blend(c, weight, first, in.mask, in.known, first); // as in sampling
                in.self_condition = first.read();
            }
            fit(asked, in, wanted, weight, to, sink, kept);
        };
        record_work(ctx, record, passes, model, on.input, keep, drawn.estimate_first, diffusion, estimate, target,
                    on.weight, loss, g);
    }
};

} // namespace walt
