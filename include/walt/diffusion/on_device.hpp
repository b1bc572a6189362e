// The one way from a batch in host memory to what the network takes on a device.
#pragma once

#include "../core/recorded.hpp"
#include "../data/latents.hpp"
#include "../transformer/transformer.hpp"

#include <algorithm>
#include <vector>

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
            require((label >= 0 && label < Config::classes) || label == no_label,
                    "labels are 0 to {}, or {} (no class); {} came", Config::classes - 1, no_label, label);
    }
    if constexpr (Config::numbers > 0)
        detail::require_size_or_none(batch.numbers, frames * Config::numbers, came, "numbers as conditions");
    if constexpr (Config::text_dim > 0) {
        detail::require_size(batch.text.row, frames, came, "text rows");
        require(batch.text.tokens == Config::text_tokens && batch.text.dim == Config::text_dim,
                "the model takes texts of {} positions of {} numbers, not of {} of {}", Config::text_tokens,
                Config::text_dim, batch.text.tokens, batch.text.dim);
    }
    if constexpr (Config::super_resolution)
        detail::require_size(batch.low_resolution, came.size() / 4, came, "low-resolution numbers");
}

/// The values of frames that are not known, as many of each, become 0: they may be no numbers, and 0 * NaN is not 0.
template <class Mark> void clear_unknown(std::vector<float>& values, const std::vector<Mark>& known) {
    const std::size_t frame = known.empty() ? 0 : values.size() / known.size();
    for (std::size_t f = 0; f < known.size(); ++f)
        if (known[f] == 0) std::fill_n(values.data() + f * frame, frame, 0.0f);
}

/// What the network is told about the frames of a batch: kinds, labels, numbers, texts. The rest of the input stays
/// empty. dropped [B F], or empty: frames that are told nothing. few_shapes rounds the number of texts up (coarse),
/// for work that is recorded by its shapes.
template <class Config, class A, class Context, class From>
denoiser_input<A, Config> conditions_on_device(Context& ctx, From& from, const latents& batch,
                                               const std::vector<std::uint8_t>& dropped = {}, bool few_shapes = false) {
    check_conditions<Config>(batch);
    denoiser_input<A, Config> input;
    const auto frames = static_cast<std::size_t>(batch.shape.count * batch.shape.frames);
    const auto without = [&](auto values, auto nothing) {
        for (std::size_t f = 0; f < dropped.size(); ++f)
            if (dropped[f]) values[f] = nothing;
        return values;
    };
    input.is_image = put<std::uint8_t>(ctx, from, batch.kinds()).read();
    if constexpr (Config::classes > 0) {
        std::vector<std::int32_t> label = without(batch.labels, no_label);
        std::replace(label.begin(), label.end(), no_label, std::int32_t{Config::classes});
        input.label = put<std::int32_t>(ctx, from, label).read();
    }
    if constexpr (Config::numbers > 0) {
        std::vector<float> numbers = batch.numbers;
        std::vector<std::uint8_t> valid = batch.numbers_valid;
        if (valid.empty()) valid.assign(frames, !numbers.empty());
        numbers.resize(frames * Config::numbers);
        clear_unknown(numbers, valid);
        input.numbers =
            decltype(input.numbers)(put<A>(ctx, from, numbers).data(), batch.shape.count * batch.shape.frames);
        input.numbers_valid = put<std::uint8_t>(ctx, from, without(std::move(valid), std::uint8_t{0})).read();
    }
    if constexpr (Config::text_dim > 0) {
        if (std::any_of(dropped.begin(), dropped.end(), [](std::uint8_t one) { return one != 0; }))
            batch.text.require_empty("frames that are told nothing have");
        const std::int64_t texts = few_shapes ? coarse(batch.text.texts()) : batch.text.texts();
        const auto positions = static_cast<std::size_t>(texts * Config::text_tokens);
        std::vector<float> vectors = batch.text.vectors;
        std::vector<std::uint8_t> valid = batch.text.valid;
        vectors.resize(positions * Config::text_dim);
        valid.resize(positions);
        input.text = decltype(input.text)(put<A>(ctx, from, vectors).data(), static_cast<std::int64_t>(positions));
        input.text_valid = put<std::uint8_t>(ctx, from, valid).read();
        input.text_row = put<std::int32_t>(ctx, from, without(batch.text.row, 0)).read();
    }
    return input;
}

} // namespace walt
