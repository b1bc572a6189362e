// The training objective of the denoiser (paper sec. 3, 4.3, 4.4; spec 2): noise a latent, predict v;
// self-conditioning, dropped conditions, frame prediction and noised low-resolution inputs are drawn here.
#pragma once

#include "../core/repeated.hpp"
#include "../data/latents.hpp"
#include "../transformer/transformer.hpp"
#include "on_device.hpp"
#include "prediction.hpp"

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
    float condition_drop = 0.1f;         ///< of samples (or images) without label or text: for guidance
    float frame_prediction_rate = 0.5f;  ///< of videos that know 1 or 2 latent frames (models with frame_prediction)
    int low_resolution_noise = 300;      ///< super-resolution: noise of the low-resolution input up to this step
    step_distribution levels{};
    activations keep = activations::all;
    noise_schedule schedule{};
    prediction predicts = v_prediction;
    bool record = false; ///< devices that can (cuda) record the passes of each shape of batch and replay them

    /// Writes the loss of a batch to `loss` on the device and adds its gradient to g; the host does not wait. `random`
    /// is the micro-batch's own sequence.
    template <class Model, class A>
    void operator()(Model& model, const latents& batch, gradients<A> g, philox random, view<A, 1> loss) const {
        using config = typename Model::config_type;
        constexpr int F = config::frames;
        using latent = view<A, dynamic, F, config::height, config::width, config::channels>;
        auto& ctx = model.context();
        const arena::scope scope(ctx.arena);
        const auto B = batch.shape.count;
        const philox draws{random.seed, random.stream * 4}, noise{random.seed, random.stream * 4 + 1};
        const auto draw = [&](std::int64_t what, std::int64_t i) {
            return draws.uniform(static_cast<std::uint64_t>(what * B * F + i));
        };
        const auto take = [&] {
            return ctx.arena.template take<A, dynamic, F, config::height, config::width, config::channels>(B);
        };
        batch.check();
        check_conditions<config>(batch);

        std::vector<std::int32_t> step, label = batch.labels, text_row = batch.text.row;
        std::vector<A> mask, weight(static_cast<std::size_t>(B * F), A(1));
        for (std::int64_t b = 0; b < B; ++b)
            for (int f = 0; f < F; ++f) {
                const bool image = batch.is_stack(b);
                const std::int64_t own = b * F + (image ? f : 0); // a video's frames share their draws
                const auto at = static_cast<std::size_t>(b * F + f);
                step.push_back(
                    levels.draw(philox{random.seed, random.stream * 4 + 2}, static_cast<std::uint64_t>(own)));
                const bool dropped = draw(0, own) < condition_drop;
                if constexpr (config::classes > 0)
                    if (dropped || label[at] == no_label) label[at] = config::classes;
                if constexpr (config::text_dim > 0)
                    if (dropped) text_row[at] = 0;
                if constexpr (config::frame_prediction) {
                    const int known =
                        image || draw(1, own) >= frame_prediction_rate ? 0 : (draw(2, own) < 0.5f ? 1 : 2);
                    mask.push_back(A(f < known && known < F));
                    weight[at] -= mask.back();
                }
            }

        denoiser_input<A, config> input;
        input.step = to_device<std::int32_t>(ctx, step).read();
        input.is_image = to_device<std::uint8_t>(ctx, batch.kinds()).read();
        if constexpr (config::classes > 0) input.label = to_device<std::int32_t>(ctx, label).read();
        if constexpr (config::text_dim > 0) {
            const auto text = to_device<A>(ctx, batch.text.vectors);
            input.text = view<A, dynamic, config::text_dim>(text.data(), text.size() / config::text_dim).read();
            input.text_valid = to_device<std::uint8_t>(ctx, batch.text.valid).read();
            input.text_row = to_device<std::int32_t>(ctx, text_row).read();
        }

        const latent x0(to_device<A>(ctx, batch.values).data(), B), eps = take(), x_t = take(), v = take(),
                                                                    target = take(), dv = take();
        const frame_mixtures<A> diffusion(ctx, schedule, predicts, step);
        ops::normal(ctx, noise, eps);
        diffusion.noisy(ctx, x0, eps, x_t);
        diffusion.target(ctx, x0, eps, target);
        input.noisy = x_t.read();
        if constexpr (config::frame_prediction) {
            input.known = x0.read();
            input.mask = to_device<A>(ctx, mask).read();
        }
        if constexpr (config::super_resolution) noise_low_resolution(ctx, batch, draws, noise, B, input);

        const auto weights = to_device<A>(ctx, weight);
        const bool twice = config::self_conditioning && draw(3, 0) < self_conditioning_rate;
        const auto estimate = take();
        const auto passes = [](auto& ctx, Model& model, denoiser_input<A, config> input, activations keep, bool twice,
                               const frame_mixtures<A>& diffusion, latent x_t, latent estimate, latent v, latent target,
                               view<A, dynamic> weights, view<A, 1> loss, latent dv, gradients<A> g) {
            const auto B = input.batch(), positions = input.text_valid.extent(0);
            if (twice) {
                const arena::scope pass(ctx.arena);
                typename Model::saved first(ctx.arena, B, positions, activations::none);
                model.forward(input, v, first);
                diffusion.x0_of(ctx, x_t, v, estimate);
                input.self_condition = estimate.read();
            }
            const arena::scope pass(ctx.arena);
            typename Model::saved kept(ctx.arena, B, positions, keep);
            model.forward(input, v, kept);
            ops::square_error(ctx, v, target, weights, loss, dv);
            model.backward(input, kept, dv.read(), g);
        };
        record_work(ctx, record, passes, model, input, keep, twice, diffusion, x_t, estimate, v, target, weights, loss,
                    dv, g);
    }

  private:
    /// Noise conditioning augmentation (paper sec. 4.5): the low-resolution latent is noised to a level of its own.
    template <class Context, class A, class Config>
    void noise_low_resolution(Context& ctx, const latents& batch, const philox& draws, const philox& noise,
                              std::int64_t B, denoiser_input<A, Config>& input) const {
        using low = view<A, dynamic, Config::frames, Config::height / 2, Config::width / 2, Config::channels>;
        std::vector<std::int32_t> level, frame_level;
        for (std::int64_t b = 0; b < B; ++b) {
            level.push_back(static_cast<std::int32_t>(philox{draws.seed, draws.stream + 3}.below(
                static_cast<std::uint64_t>(b), static_cast<std::uint32_t>(std::max(1, low_resolution_noise)))));
            frame_level.insert(frame_level.end(), Config::frames, level.back());
        }
        const low clean(to_device<A>(ctx, batch.low_resolution).data(), B);
        const auto eps =
            ctx.arena
                .template take<A, dynamic, Config::frames, Config::height / 2, Config::width / 2, Config::channels>(B);
        ops::normal(ctx, philox{noise.seed ^ 0x5bd1e995u, noise.stream}, eps);
        const frame_mixtures<A> augmentation(ctx, schedule, predicts, frame_level);
        augmentation.noisy(ctx, clean, eps, clean);
        input.low_resolution = clean.read();
        input.low_resolution_step = to_device<std::int32_t>(ctx, level).read();
    }
};

} // namespace walt
