// A denoiser that can be trained and sampled: the transformer of a config with its parameters on a device.
#pragma once

#include "../core/model.hpp"
#include "transformer.hpp"

namespace walt {

/// denoiser(device, config{}, compute<bf16>, seed{1}): starts as spec 1.7 says.
template <class Context, class Config, class T> struct denoiser : model<Context, transformer<Config>, T> {
    using base = model<Context, transformer<Config>, T>;
    using config_type = Config;
    using saved = typename transformer<Config>::template saved<T>;

    denoiser(Context& ctx, Config, compute_t<T>, seed from = {}) : base(ctx, from) {}

    /// v of an input, without keeping activations. v is [B, F, H, W, C] (A).
    template <class V> void predict(const denoiser_input<accumulate_t<T>, Config>& input, V v) const {
        auto& ctx = this->context();
        const arena::scope scope(ctx.arena);
        saved pass(ctx.arena, input.batch(), input.text_valid.extent(0), activations::none);
        this->network().forward(ctx, this->weights(), input, v, pass);
    }
};

} // namespace walt
