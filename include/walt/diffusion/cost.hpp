// What a model costs, before it has weights or a machine: the network runs on the meta device and counts.
#pragma once

#include "../meta.hpp"
#include "../transformer/denoiser.hpp"

namespace walt {

struct cost {
    std::size_t parameters = 0;
    double flops = 0;            ///< of products, convolutions and attention; a multiplication and an addition are two
    double bytes = 0;            ///< read and written, every operand of every op once
    std::size_t activations = 0; ///< bytes, the most at one time
};

namespace detail {
/// Everything that the network of Config may be asked for, of `samples` samples with a text each; shapes without data.
template <class Config> denoiser_input<float, Config> shapes_only(std::int64_t samples) {
    denoiser_input<float, Config> in;
    const std::int64_t frames = samples * Config::frames, positions = samples * Config::text_tokens;
    in.noisy = in.self_condition = in.known = typename denoiser_input<float, Config>::latent(nullptr, samples);
    in.step = in.label = in.text_row = view<const std::int32_t, dynamic>(nullptr, frames);
    in.is_image = view<const std::uint8_t, dynamic>(nullptr, samples);
    in.mask = view<const float, dynamic>(nullptr, frames);
    in.numbers = view<const float, dynamic, Config::numbers>(nullptr, frames);
    in.numbers_valid = view<const std::uint8_t, dynamic>(nullptr, frames);
    in.text = view<const float, dynamic, Config::text_dim>(nullptr, positions);
    in.text_valid = view<const std::uint8_t, dynamic>(nullptr, positions);
    in.low_resolution = decltype(in.low_resolution)(nullptr, samples);
    in.low_resolution_step = view<const std::int32_t, dynamic>(nullptr, samples);
    return in;
}
} // namespace detail

/// One pass of the network, as a sampling step without guidance makes it: sampling_cost(config{}, compute<bf16>, 4).
template <class Config, class T> cost sampling_cost(Config, compute_t<T>, std::int64_t samples = 1) {
    meta::context ctx;
    const denoiser<meta::context, Config, T> model(ctx, Config{}, compute<T>);
    model.predict(
        detail::shapes_only<Config>(samples),
        view<float, dynamic, Config::frames, Config::height, Config::width, Config::channels>(nullptr, samples));
    return {parameter_count<transformer<Config>>, ctx.flops, ctx.bytes, ctx.arena.peak()};
}

/// A pass forward and backward, without self-conditioning's first pass and without the optimizer.
template <class Config, class T>
cost training_cost(Config, compute_t<T>, std::int64_t samples = 1, activations keep = activations::all) {
    meta::context ctx;
    const denoiser<meta::context, Config, T> model(ctx, Config{}, compute<T>);
    const auto in = detail::shapes_only<Config>(samples);
    const view<float, dynamic, Config::frames, Config::height, Config::width, Config::channels> v(nullptr, samples);
    const arena::scope scope(ctx.arena);
    typename decltype(model)::saved kept(ctx.arena, samples, in.text_valid.extent(0), keep);
    model.forward(in, v, kept);
    model.backward(in, kept, v.read(), gradients<float>{});
    return {parameter_count<transformer<Config>>, ctx.flops, ctx.bytes, ctx.arena.peak()};
}

} // namespace walt
