// The training objective of the denoiser (paper sec. 3, 4.3, 4.4; docs/model.md 2): noise a latent, predict v;
// self-conditioning, dropped conditions, frame prediction and noised low-resolution inputs are drawn here.
#pragma once

#include "../core/recorded.hpp"
#include "draws.hpp"
#include "prediction.hpp"

#include <algorithm>
#include <cmath>

namespace walt {

/// How diffusion steps are drawn in training.
struct step_distribution {
    bool logit_normal = false;           ///< off: uniform, the paper's
    float mean = 0.0f, deviation = 1.0f; ///< of logit(step / 1000), when logit-normal

    int draw(const philox& numbers, std::uint64_t i) const {
        constexpr int levels = noise_schedule::levels;
        if (!logit_normal) return static_cast<int>(numbers.below(i, levels));
        const double x = static_cast<double>(mean + deviation * numbers.normal(i));
        return std::min(levels - 1, static_cast<int>(levels / (1 + std::exp(-x))));
    }
};

/// The objective: operator()(model, batch, gradients, philox, loss). Rates are probabilities; the paper gives
/// self_conditioning_rate, the others are choices.
struct denoising {
    float self_conditioning_rate = 0.9f; ///< of batches that first estimate x0 from zeros
    float condition_drop = 0.1f;         ///< of samples (or images) that are told nothing: for guidance
    float frame_prediction_rate = 0.3f;  ///< of videos that know 1 or 2 latent frames (models with frame_prediction)
    int low_resolution_noise = 300;      ///< super-resolution: noise of the low-resolution input up to this level
    step_distribution levels{};
    activations keep = activations::all;
    noise_schedule schedule{};
    prediction predicts = v_prediction;
    bool record = false; ///< devices that can (cuda) record the passes of each shape of batch and replay them

    /// What chance decides about a batch; `random` is the micro-batch's own sequence.
    template <class Config> draws draw(const latents& batch, philox random) const {
        constexpr int F = Config::frames;
        batch.check();
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
                const int known =
                    image || chance(1, own) >= frame_prediction_rate ? 0 : (chance(2, own) < 0.5f ? 1 : 2);
                drawn.mask.push_back(f < known && known < F ? 1.0f : 0.0f);
            }
            drawn.low_level.push_back(static_cast<std::int32_t>(sequence(3).below(
                static_cast<std::uint64_t>(b), static_cast<std::uint32_t>(std::max(1, low_resolution_noise)))));
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

        const auto passes = [](auto&, Model& asked, denoiser_input<A, config> in, activations kept, bool twice,
                               const frame_mixtures<A>& at, latent first, latent wanted, view<A, dynamic> weight,
                               view<A, 1> to, const Sink& sink) {
            if (twice) {
                estimate_x0(asked, in, at, first);
                in.self_condition = first.read();
            }
            fit(asked, in, wanted, weight, to, sink, kept);
        };
        record_work(ctx, record, passes, model, on.input, keep, drawn.estimate_first, diffusion, estimate, target,
                    on.weight, loss, g);
    }
};

} // namespace walt
