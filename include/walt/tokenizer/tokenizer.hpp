// A tokenizer that can be trained and used: the network of a config with its parameters on a device.
#pragma once

#include "../core/model.hpp"
#include "../core/range.hpp"
#include "../core/running_moments.hpp"
#include "../data/latents.hpp"
#include "network.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace walt {

/// How much of a source measure_latents looks at.
struct measuring {
    std::int64_t batches = 16; ///< batches 0 .. batches - 1 of the source
};

/// tokenizer(device, config{}, compute<bf16>, seed{1}). Pixels are in [-1, 1], channels last. Clips and latents lie in
/// host memory; a batch is either of videos or of stacks of images, whose frames are images of their own. encode and
/// decode are not inline: `extern template struct walt::tokenizer<...>` keeps units from compiling them again
/// (presets.hpp).
template <class Context, class Config, class T, class Storage = resident>
struct tokenizer : model<Context, tokenizer_network<Config>, T, Storage> {
    using base = model<Context, tokenizer_network<Config>, T, Storage>;
    using config_type = config_of<Config, tokenizer_config>;
    using dims = tokenizer_dimensions<Config>;
    using A = accumulate_t<T>;

    tokenizer(Context& ctx, Config, compute_t<T>, seed from = {}) requires Storage::writable : base(ctx, from) {}
    template <weights_source Source>
    tokenizer(Context& ctx, Config, compute_t<T>, const Source& from) : base(ctx, typename base::unfilled{}) {
        from.fill(*this, this->memory_);
    }
    using base::base;

    /// Latents of clips, with the labels and numbers of the clips: [B, f, h, w, c] of videos, [B, F, h, w, c] of stacks
    /// of F images. Normalised, as a denoiser needs them, or as the network makes them. Throws walt::error where
    /// normalised ones are asked for and measure_latents has never been called (nor measured weights been loaded).
    /// Pixels that are missing are seen as 0. Of chunks of videos: encode_stream.
    latents encode(const clips& from, latent_scale scale = latent_scale::normalised, const chunk& of = {}) const;

    /// Pixels of latents: [B, F, H, W, 3] of videos, [B, f, H, W, 3] of stacks of f images; not clamped. Of chunks of
    /// videos: decode_stream.
    clips decode(const latents& from, const chunk& of = {}) const;

    /// Sets latent.mean and latent.std to those of the clips that source(n) gives for n = 0, 1, ... (a walt::batches,
    /// or any callable): docs/model.md 3, latent normalisation. One batch is in memory at a time. Throws walt::error,
    /// and sets nothing, where one of them is not finite.
    template <class Source> void measure_latents(Source&& source, measuring how = {}) {
        check_option("measuring::batches", how.batches, ranges::count);
        running_moments found(dims::latent);
        for (std::int64_t n = 0; n < how.batches; ++n) {
            const clips batch = source(n);
            for (const bool stacks : {false, true})
                if (const clips part = batch.part(stacks); part.shape.count > 0)
                    found.add(encode(part, latent_scale::raw).values);
        }
        std::vector<A> mean, deviation;
        for (std::size_t c = 0; c < dims::latent; ++c) {
            require(std::isfinite(found.mean(c)) && std::isfinite(found.deviation(c)),
                    "channel {} of the latents of {} batches has mean {} and deviation {}: a pixel of the source or a "
                    "weight of the tokenizer is not finite",
                    c, how.batches, found.mean(c), found.deviation(c));
            mean.push_back(static_cast<A>(found.mean(c)));
            deviation.push_back(static_cast<A>(found.deviation(c) + 1e-6));
        }
        this->set(row_of("latent.mean"), mean);
        this->set(row_of("latent.std"), deviation);
    }

    /// Whether the latents' mean and deviation are other than those that every tokenizer starts with, 0 and 1.
    bool measured() const {
        std::vector<A> mean(dims::latent), deviation(dims::latent);
        this->get(row_of("latent.mean"), mean);
        this->get(row_of("latent.std"), deviation);
        return mean != std::vector<A>(dims::latent, A(0)) || deviation != std::vector<A>(dims::latent, A(1));
    }

  private:
    static const parameter_row& row_of(std::string_view name) {
        return *std::find_if(base::table().begin(), base::table().end(),
                             [&](const parameter_row& row) { return row.name == name; });
    }
    /// Whether all samples are stacks of images. Videos and stacks in one batch have latents of different shapes.
    static bool all_stacks(const auto& batch) {
        const auto stacks =
            std::count_if(batch.is_image.begin(), batch.is_image.end(), [](std::uint8_t one) { return one != 0; });
        require(stacks == 0 || stacks == batch.shape.count,
                "{} of {} samples are stacks of images and the others videos: their latents differ in shape, so take "
                "them apart with part()",
                stacks, batch.shape.count);
        return stacks > 0;
    }
    static video_size size_on_device(const video_shape& shape, bool stacks) {
        return stacks ? video_size{shape.count * shape.frames, 1, shape.height, shape.width}
                      : video_size{shape.count, shape.frames, shape.height, shape.width};
    }
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

template <class Context, class Config, class T, class Storage>
latents tokenizer<Context, Config, T, Storage>::encode(const clips& from, latent_scale scale, const chunk& of) const {
    auto& ctx = this->context();
    const arena::scope scope(ctx.arena);
    from.check();
    require(from.shape.channels == dims::in_channels, "this tokenizer takes pixels of {} channels, not of {}",
            dims::in_channels, from.shape.channels);
    require(scale == latent_scale::raw || measured(),
            "this tokenizer's latents were never measured (their mean is 0 and their deviation 1, as at the start), "
            "so they cannot be normalised: call measure_latents(source), or ask for latent_scale::raw");
    const bool stacks = all_stacks(from);
    const video_size size = size_on_device(from.shape, stacks);
    const auto x = size.template take<A, dims::in_channels>(ctx.arena);
    const auto z = tokenizer_network<Config>::latent_size(size, of.begins()).template take<A, dims::latent>(ctx.arena);
    upload(x, from.seen());
    this->network().encode(ctx, this->weights(), x, z, of);
    if (scale == latent_scale::normalised) this->network().normalise(ctx, this->weights(), z, z);
    latents made;
    made.shape = {from.shape.count, stacks ? from.shape.frames : z.extent(1), z.extent(2), z.extent(3), dims::latent};
    made.values = download(z);
    made.scale = scale;
    carry_conditions(from, made, of.begins());
    return made;
}

template <class Context, class Config, class T, class Storage>
clips tokenizer<Context, Config, T, Storage>::decode(const latents& from, const chunk& of) const {
    auto& ctx = this->context();
    const arena::scope scope(ctx.arena);
    from.check();
    require(from.shape.channels == dims::latent, "this tokenizer takes latents of {} channels, not of {}", dims::latent,
            from.shape.channels);
    const bool stacks = all_stacks(from);
    const video_size size = size_on_device(from.shape, stacks);
    const auto z = size.template take<A, dims::latent>(ctx.arena);
    const auto x =
        tokenizer_network<Config>::pixel_size(size, of.begins()).template take<A, dims::in_channels>(ctx.arena);
    upload(z, from.values);
    if (from.scale == latent_scale::normalised) this->network().denormalise(ctx, this->weights(), z, z);
    this->network().decode(ctx, this->weights(), z, x, of);
    clips made;
    made.shape = {from.shape.count, stacks ? from.shape.frames : x.extent(1), x.extent(2), x.extent(3),
                  dims::in_channels};
    made.pixels = download(x);
    made.is_image = from.is_image;
    return made;
}

template <class Context, class Config, class T>
tokenizer(Context&, Config, compute_t<T>) -> tokenizer<Context, Config, T>;
template <class Context, class Config, class T>
tokenizer(Context&, Config, compute_t<T>, seed) -> tokenizer<Context, Config, T>;
template <class Context, class Config, class T, weights_source Source>
tokenizer(Context&, Config, compute_t<T>, const Source&) -> tokenizer<Context, Config, T, typename Source::storage>;

} // namespace walt
