// A denoiser that can be trained and sampled: the transformer of a config with its parameters on a device.
#pragma once

#include "../core/model.hpp"
#include "transformer.hpp"

namespace walt {

/// denoiser(device, config{}, compute<bf16>, seed{1}): starts as docs/model.md 1.7 says.
/// Its functions are no templates and not inline, so that `extern template struct walt::denoiser<...>` keeps a
/// program's units from compiling a model again and again; one unit then says `template struct walt::denoiser<...>`.
template <class Context, class Config, class T, class Storage = resident>
struct denoiser : model<Context, transformer<config_of<Config, denoiser_config>>, T, Storage> {
    using config_type = config_of<Config, denoiser_config>;
    using base = model<Context, transformer<config_type>, T, Storage>;
    using A = accumulate_t<T>;
    using input = denoiser_input<A, config_type>;
    using latent = view<A, dynamic, config_type::frames, config_type::height, config_type::width,
                        config_type::channels>; ///< [B, F, H, W, C]
    using read_latent = typename input::latent;
    using input_gradient = denoiser_input_gradient<A, config_type>;
    using saved = typename transformer<config_type>::template saved<T>;
    using prepared = walt::prepared<T, config_type>;
    using kept_blocks = walt::kept_blocks<T, config_type>;

    denoiser(Context& ctx, Config, compute_t<T>, seed from = {}) requires Storage::writable : base(ctx, from) {}
    template <weights_source Source>
    denoiser(Context& ctx, Config, compute_t<T>, const Source& from) : base(ctx, typename base::unfilled{}) {
        from.fill(*this, this->memory_);
    }
    using base::base;

    /// The answer to an input; `keep` gets what backward needs.
    void forward(const input& in, latent v, saved& keep) const;
    /// Adds the gradients of all parameters, from that of the answer; assigns those of inputs that din asks for.
    void backward(const input& in, const saved& keep, read_latent dv, gradients<A> g) const;
    void backward(const input& in, const saved& keep, read_latent dv, const input_gradient& din, gradients<A> g) const;
    /// The gradients of inputs alone: the model is frozen. activations::input_gradient keeps enough for it.
    void backward(const input& in, const saved& keep, read_latent dv, const input_gradient& din, no_gradients) const;
    /// The answer to an input, without keeping activations.
    void predict(const input& in, latent v) const;
    /// The same to the last bit, with the conditions of in prepared before.
    void predict(const input& in, const prepared& given, latent v) const;
    /// Nearly the same: blocks whose input has barely moved since they were kept add what they added then.
    void predict(const input& in, const prepared& given, kept_blocks& kept, latent v) const;
    /// What of an input's conditions does not change from step to step, computed once.
    prepared prepare(const input& in) const;

  private:
    void predict(const input& in, const prepared& given, kept_blocks* kept, latent v) const;
};

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::forward(const input& in, latent v, saved& keep) const {
    this->network().forward(this->context(), this->weights(), in, v, keep);
}

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::backward(const input& in, const saved& keep, read_latent dv,
                                                     gradients<A> g) const {
    backward(in, keep, dv, {}, g);
}

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::backward(const input& in, const saved& keep, read_latent dv,
                                                     const input_gradient& din, gradients<A> g) const {
    this->network().backward(this->context(), this->weights(), in, keep, dv, din, g);
}

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::backward(const input& in, const saved& keep, read_latent dv,
                                                     const input_gradient& din, no_gradients g) const {
    this->network().backward(this->context(), this->weights(), in, keep, dv, din, g);
}

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::predict(const input& in, latent v) const {
    const arena::scope scope(this->context().arena);
    saved pass(this->context().arena, in.batch(), in.text_valid.extent(0), activations::none);
    forward(in, v, pass);
}

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::predict(const input& in, const prepared& given, latent v) const {
    predict(in, given, nullptr, v);
}

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::predict(const input& in, const prepared& given, kept_blocks& kept,
                                                    latent v) const {
    require(kept.batch() == in.batch(), "blocks are kept of {} samples, and {} are asked about", kept.batch(),
            in.batch());
    predict(in, given, &kept, v);
}

template <class Context, class Config, class T, class Storage>
void denoiser<Context, Config, T, Storage>::predict(const input& in, const prepared& given, kept_blocks* kept,
                                                    latent v) const {
    require(given.samples == in.batch(), "conditions were prepared for {} samples, and {} are asked about",
            given.samples, in.batch());
    const arena::scope scope(this->context().arena);
    const saved pass(this->context().arena, in.batch(), 0, activations::none);
    this->network().forward(this->context(), this->weights(), in, v, pass, given, kept);
}

template <class Context, class Config, class T, class Storage>
auto denoiser<Context, Config, T, Storage>::prepare(const input& in) const -> prepared {
    return this->network().prepare(this->context(), this->weights(), in);
}

template <class Context, class Config, class T>
denoiser(Context&, Config, compute_t<T>) -> denoiser<Context, Config, T>;
template <class Context, class Config, class T>
denoiser(Context&, Config, compute_t<T>, seed) -> denoiser<Context, Config, T>;
template <class Context, class Config, class T, weights_source Source>
denoiser(Context&, Config, compute_t<T>, const Source&) -> denoiser<Context, Config, T, typename Source::storage>;

} // namespace walt
