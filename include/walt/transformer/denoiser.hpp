// A denoiser that can be trained and sampled: the transformer of a config with its parameters on a device.
#pragma once

#include "../core/model.hpp"
#include "transformer.hpp"

namespace walt {

/// denoiser(device, config{}, compute<bf16>, seed{1}): starts as spec 1.7 says.
/// Its functions are no templates and not inline, so that `extern template struct walt::denoiser<...>` keeps a
/// program's units from compiling a model again and again; one unit then says `template struct walt::denoiser<...>`.
template <class Context, class Config, class T, class Storage = resident>
struct denoiser : model<Context, transformer<Config>, T, Storage> {
    using base = model<Context, transformer<Config>, T, Storage>;
    using config_type = Config;
    using A = accumulate_t<T>;
    using input = denoiser_input<A, Config>;
    using latent =
        view<A, dynamic, Config::frames, Config::height, Config::width, Config::channels>; ///< [B, F, H, W, C]
    using saved = typename transformer<Config>::template saved<T>;

    denoiser(Context& ctx, Config, compute_t<T>, seed from = {}) : base(ctx, from) {}
    using base::base;

    /// v of an input; `keep` gets what backward needs.
    void forward(const input& in, latent v, saved& keep) const;
    /// Adds the gradients of all parameters, from that of v.
    void backward(const input& in, saved& keep,
                  view<const A, dynamic, Config::frames, Config::height, Config::width, Config::channels> dv,
                  gradients<A> g) const;
    /// v of an input, without keeping activations.
    void predict(const input& in, latent v) const;
};

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::forward(const input& in, latent v, saved& keep) const {
    this->network().forward(this->context(), this->weights(), in, v, keep);
}

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::backward(
    const input& in, saved& keep,
    view<const A, dynamic, Config::frames, Config::height, Config::width, Config::channels> dv, gradients<A> g) const {
    this->network().backward(this->context(), this->weights(), in, keep, dv, g);
}

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::predict(const input& in, latent v) const {
    const arena::scope scope(this->context().arena);
    saved pass(this->context().arena, in.batch(), in.text_valid.extent(0), activations::none);
    forward(in, v, pass);
}

template <class Context, class Config, class T>
denoiser(Context&, Config, compute_t<T>) -> denoiser<Context, Config, T>;
template <class Context, class Config, class T>
denoiser(Context&, Config, compute_t<T>, seed) -> denoiser<Context, Config, T>;

} // namespace walt
