// A tokenizer that can be trained and used: the network of a config with its parameters on a device.
#pragma once

#include "../core/model.hpp"
#include "network.hpp"

namespace walt {

/// tokenizer(device, config{}, compute<bf16>, seed{1}). Pixels are in [-1, 1], channels last.
template <class Context, class Config, class T, class Storage = resident>
struct tokenizer : model<Context, tokenizer_network<Config>, T, Storage> {
    using base = model<Context, tokenizer_network<Config>, T, Storage>;
    using config_type = Config;
    using dims = tokenizer_dimensions<Config>;
    using A = accumulate_t<T>;

    tokenizer(Context& ctx, Config, compute_t<T>, seed from = {}) : base(ctx, from) {}
    using base::base;

    /// Normalised latents [B, f, h, w, c] of host pixels [B, F, H, W, 3], which is what a denoiser works on.
    std::vector<float> encode(const std::vector<float>& pixels, std::int64_t batch, std::int64_t frames,
                              std::int64_t height, std::int64_t width) const {
        auto& ctx = this->context();
        const arena::scope scope(ctx.arena);
        const video_size size{batch, frames, height, width};
        require(static_cast<std::int64_t>(pixels.size()) == size.positions() * dims::in_channels,
                "pixels of {} x {} x {} x {} x {} are {} numbers; {} came", batch, frames, height, width,
                dims::in_channels, size.positions() * dims::in_channels, pixels.size());
        const auto x = size.template take<A, dims::in_channels>(ctx.arena);
        const auto z = tokenizer_network<Config>::latent_size(size).template take<A, dims::latent>(ctx.arena);
        upload(x, pixels);
        this->network().encode(ctx, this->weights(), x, z);
        this->network().normalise(ctx, this->weights(), z, z);
        return download(z);
    }

    /// Pixels [B, F, H, W, 3] of normalised host latents [B, f, h, w, c]; not clamped.
    std::vector<float> decode(const std::vector<float>& latents, std::int64_t batch, std::int64_t frames,
                              std::int64_t height, std::int64_t width) const {
        auto& ctx = this->context();
        const arena::scope scope(ctx.arena);
        const video_size size{batch, frames, height, width};
        require(static_cast<std::int64_t>(latents.size()) == size.positions() * dims::latent,
                "latents of {} x {} x {} x {} x {} are {} numbers; {} came", batch, frames, height, width, dims::latent,
                size.positions() * dims::latent, latents.size());
        const auto z = size.template take<A, dims::latent>(ctx.arena);
        const auto x = tokenizer_network<Config>::pixel_size(size).template take<A, dims::in_channels>(ctx.arena);
        upload(z, latents);
        this->network().denormalise(ctx, this->weights(), z, z);
        this->network().decode(ctx, this->weights(), z, x);
        return download(x);
    }

    /// Sets latent.mean and latent.std to those of the encoded pixels [B, F, H, W, 3] (spec 3, latent normalisation).
    void measure_latents(const std::vector<float>& pixels, std::int64_t batch, std::int64_t frames, std::int64_t height,
                         std::int64_t width) {
        std::vector<A> masters = this->host_masters();
        const auto& statistics = this->network().latent;
        A *mean = masters.data() + statistics.mean.offset.all,
          *deviation = masters.data() + statistics.deviation.offset.all;
        std::fill_n(mean, dims::latent, A(0));
        std::fill_n(deviation, dims::latent, A(1));
        this->assign(masters);
        const std::vector<float> z = encode(pixels, batch, frames, height, width);
        const double count = static_cast<double>(z.size()) / dims::latent;
        for (int c = 0; c < dims::latent; ++c) {
            double sum = 0, squares = 0;
            for (std::size_t i = static_cast<std::size_t>(c); i < z.size(); i += dims::latent)
                sum += static_cast<double>(z[i]);
            for (std::size_t i = static_cast<std::size_t>(c); i < z.size(); i += dims::latent)
                squares += (static_cast<double>(z[i]) - sum / count) * (static_cast<double>(z[i]) - sum / count);
            mean[c] = static_cast<A>(sum / count);
            deviation[c] = static_cast<A>(std::sqrt(squares / count) + 1e-6);
        }
        this->assign(masters);
    }

  private:
    template <class View> void upload(View to, const std::vector<float>& host) const {
        const std::vector<A> values(host.begin(), host.end());
        this->context().upload(to.data(), values.data(), values.size() * sizeof(A));
    }
    template <class View> std::vector<float> download(View from) const {
        std::vector<A> values(static_cast<std::size_t>(from.size()));
        this->context().download(values.data(), from.data(), values.size() * sizeof(A));
        return {values.begin(), values.end()};
    }
};

template <class Context, class Config, class T>
tokenizer(Context&, Config, compute_t<T>) -> tokenizer<Context, Config, T>;
template <class Context, class Config, class T>
tokenizer(Context&, Config, compute_t<T>, seed) -> tokenizer<Context, Config, T>;

} // namespace walt
