// A training batch on the device with what chance decided about it: where every objective of denoising begins.
#pragma once

#include "../core/philox.hpp"
#include "../ops/diffusion.hpp"
#include "on_device.hpp"
#include "prediction.hpp"

#include <vector>

namespace walt {

/// What chance decides about a batch, on the host. Vectors that a config does not use may stay empty.
struct draws {
    std::vector<std::int32_t> level{};     ///< [B F]: noise of each frame, 0 .. 999
    std::vector<std::uint8_t> dropped{};   ///< [B F]: 1 where a frame is told nothing, for guidance; empty: nowhere
    std::vector<float> mask{};             ///< [B F]: 1 where a frame is known (frame prediction)
    std::vector<std::int32_t> low_level{}; ///< [B]: noise of the low-resolution latent
    philox noise{}, low_noise{};           ///< of either
    bool estimate_first = false;           ///< self-conditioning: a first pass finds an estimate of x0
};

/// The same on the device.
template <class A, class Config> struct drawn_batch {
    using latent = view<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>;
    denoiser_input<A, Config> input; ///< conditions and levels; what the network sees of x0 is left to the objective
    latent x0, eps;                  ///< [B, F, H, W, C]
    view<A, dynamic> weight;         ///< [B F]: of the loss; 0 where a frame is known

    /// Memory of x0's shape, from the arena.
    latent like_x0(auto& ctx) const { return x0.over(ctx.arena.template take<A, dynamic>(x0.size()).data()); }
};

/// Puts a batch on a device, in the arena. few_shapes: see conditions_on_device.
template <class Config, class A, class Context>
drawn_batch<A, Config> on_device(Context& ctx, const latents& batch, const draws& drawn,
                                 const noise_schedule& schedule = {}, bool few_shapes = false) {
    batch.check();
    const std::int64_t B = batch.shape.count;
    detail::require_size(drawn.level, B * Config::frames, batch.shape, "noise levels");
    drawn_batch<A, Config> on;
    on.input = conditions_on_device<Config, A>(ctx, ctx.arena, batch, drawn.dropped, few_shapes);
    on.input.step = to_device<std::int32_t>(ctx, drawn.level).read();
    on.x0 = decltype(on.x0)(to_device<A>(ctx, batch.values).data(), B);
    on.eps = on.like_x0(ctx);
    ops::normal(ctx, drawn.noise, on.eps);
    std::vector<A> weight(drawn.level.size(), A(1));
    if constexpr (Config::frame_prediction)
        if (!drawn.mask.empty()) {
            for (std::size_t f = 0; f < weight.size(); ++f) weight[f] -= static_cast<A>(drawn.mask[f]);
            on.input.known = on.x0.read();
            on.input.mask = to_device<A>(ctx, drawn.mask).read();
        }
    on.weight = to_device<A>(ctx, weight);
    if constexpr (Config::super_resolution) { // noise conditioning augmentation (paper sec. 4.5)
        detail::require_size(drawn.low_level, B, batch.shape, "noise levels of low-resolution latents");
        using low = view<A, dynamic, Config::frames, Config::height / 2, Config::width / 2, Config::channels>;
        std::vector<A> signal, noise; // of every sample, so of its frames
        for (const std::int32_t level : drawn.low_level) {
            signal.insert(signal.end(), Config::frames, static_cast<A>(schedule.at(level).signal));
            noise.insert(noise.end(), Config::frames, static_cast<A>(schedule.at(level).noise));
        }
        const low clean(to_device<A>(ctx, batch.low_resolution).data(), B);
        const low eps = clean.over(ctx.arena.template take<A, dynamic>(clean.size()).data());
        ops::normal(ctx, drawn.low_noise, eps);
        ops::frame_blend(ctx, to_device<A>(ctx, signal), clean, to_device<A>(ctx, noise), eps, clean);
        on.input.low_resolution = clean.read();
        on.input.low_resolution_step = to_device<std::int32_t>(ctx, drawn.low_level).read();
    }
    return on;
}
/// The same on a model's device, as it takes batches.
template <class Model>
auto on_device(Model& model, const latents& batch, const draws& drawn, const noise_schedule& schedule = {},
               bool few_shapes = false) {
    return on_device<typename Model::config_type, typename Model::A>(model.context(), batch, drawn, schedule,
                                                                     few_shapes);
}

/// estimate [B, F, H, W, C] = the x0 of what the network answers to `in`: self-conditioning's first pass.
template <class Model, class Input, class A, class Latent>
void estimate_x0(Model& model, const Input& in, const frame_mixtures<A>& at, Latent estimate) {
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    const Latent answer = estimate.over(ctx.arena.template take<A, dynamic>(estimate.size()).data());
    typename Model::saved pass(ctx.arena, in.batch(), in.text_valid.extent(0), activations::none);
    model.forward(in, answer, pass);
    at.x0_of(ctx, in.noisy, answer, estimate);
}

/// Asks the network, writes the mean square of (answer - target) over the frames' weights [B F] to `loss`, and adds its
/// gradient to g: the end of every objective whose network answers in the mean.
template <class Model, class Input, class Target, class Weight, class A, class Sink>
void fit(Model& model, const Input& in, Target target, Weight weight, view<A, 1> loss, const Sink& g,
         activations keep = activations::all) {
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    const Target answer = target.over(ctx.arena.template take<A, dynamic>(target.size()).data()),
                 danswer = target.over(ctx.arena.template take<A, dynamic>(target.size()).data());
    typename Model::saved kept(ctx.arena, in.batch(), in.text_valid.extent(0), keep);
    model.forward(in, answer, kept);
    ops::square_error(ctx, answer, target, weight, loss, danswer);
    model.backward(in, kept, danswer.read(), g);
}

} // namespace walt
