// The one way from a batch in host memory to what the network takes on a device.
#pragma once

#include "../data/latents.hpp"
#include "../transformer/transformer.hpp"

#include <algorithm>

namespace walt {

/// The size of one latent of a denoiser, and of B of them.
template <class Config> constexpr video_shape latents_of(std::int64_t samples) {
    return {samples, Config::frames, Config::height, Config::width, Config::channels};
}

/// Host numbers in memory that `from` hands out (a context's arena, or what a `prepared` holds), as elements T.
template <class T, class Context, class From, class Host>
view<T, dynamic> put(Context& ctx, From& from, const std::vector<Host>& host) {
    const auto there = from.template take<T, dynamic>(static_cast<std::int64_t>(host.size()));
    const std::vector<T> converted(host.begin(), host.end());
    ctx.upload(there.data(), converted.data(), converted.size() * sizeof(T));
    return there;
}

/// Throws walt::error, with both values, where the model of a Config cannot take what a batch tells about its frames.
template <class Config> void check_conditions(const latents& batch) {
    const video_shape& came = batch.shape;
    const video_shape takes = latents_of<Config>(came.count);
    require(came == takes,
            "the model takes latents of {} x {} x {} x {} (frames, height, width, channels), not of {} x {} x {} x {}",
            takes.frames, takes.height, takes.width, takes.channels, came.frames, came.height, came.width,
            came.channels);
    const std::int64_t frames = came.count * came.frames;
    if constexpr (Config::classes > 0) {
        detail::require_size(batch.labels, frames, came, "labels");
        for (const std::int32_t label : batch.labels)
            require((label >= 0 && label <= Config::classes) || label == no_label,
                    "labels are 0 to {}, or {} (no class); {} came", Config::classes - 1, no_label, label);
    }
    if constexpr (Config::text_dim > 0) {
        detail::require_size(batch.text.row, frames, came, "text rows");
        require(batch.text.tokens == Config::text_tokens && batch.text.dim == Config::text_dim,
                "the model takes texts of {} positions of {} numbers, not of {} of {}", Config::text_tokens,
                Config::text_dim, batch.text.tokens, batch.text.dim);
    }
    if constexpr (Config::super_resolution)
        detail::require_size(batch.low_resolution, came.size() / 4, came, "low-resolution numbers");
}

/// What the network is told about the frames of a batch: kinds, labels, texts. The rest of the input stays empty.
template <class Config, class A, class Context, class From>
denoiser_input<A, Config> conditions_on_device(Context& ctx, From& from, const latents& batch) {
    check_conditions<Config>(batch);
    denoiser_input<A, Config> input;
    input.is_image = put<std::uint8_t>(ctx, from, batch.kinds()).read();
    if constexpr (Config::classes > 0) {
        std::vector<std::int32_t> label = batch.labels;
        std::replace(label.begin(), label.end(), no_label, std::int32_t{Config::classes});
        input.label = put<std::int32_t>(ctx, from, label).read();
    }
    if constexpr (Config::text_dim > 0) {
        const auto text = put<A>(ctx, from, batch.text.vectors);
        input.text = view<A, dynamic, Config::text_dim>(text.data(), text.size() / Config::text_dim).read();
        input.text_valid = put<std::uint8_t>(ctx, from, batch.text.valid).read();
        input.text_row = put<std::int32_t>(ctx, from, batch.text.row).read();
    }
    return input;
}

} // namespace walt
