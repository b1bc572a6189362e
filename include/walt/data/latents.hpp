// Latents in host memory with all that a denoiser may be told about them: what tokenizers make and denoisers train on.
#pragma once

#include "../text/text_batch.hpp"
#include "clips.hpp"

#include <vector>

namespace walt {

/// What a latent's numbers are: normalised by channel, (z - mean) / std, as a denoiser needs them, or as the
/// tokenizer's network makes them.
enum class latent_scale { normalised, raw };

/// Whether an encoder's latent frames depend on no later frames of pixels, so that the first one of a clip is what it
/// makes of the clip's first frame alone. One that says nothing (dims::sees_no_future) is taken to be so.
template <class Encoder> constexpr bool sees_no_future() {
    if constexpr (requires { Encoder::dims::sees_no_future; }) return Encoder::dims::sees_no_future;
    else return true;
}

/// B samples of F latent frames: videos, or stacks of F independent images. What is not known, or not used by the
/// config, stays empty.
struct latents {
    video_shape shape{};         ///< [B, F, H, W, C]
    std::vector<float> values{}; ///< [B, F, H, W, C]
    latent_scale scale = latent_scale::normalised;
    std::vector<std::uint8_t> is_image{}; ///< [B], 1 where the frames are independent images; empty: videos
    std::vector<std::int32_t> labels{};   ///< [B F]: 0 .. classes - 1, or no_label
    text_batch text{};                    ///< its row: [B F]
    std::vector<float> numbers{};         ///< [B, F, N]
    std::vector<std::uint8_t>
        numbers_valid{};                 ///< [B F], 1 where a frame's numbers are known; empty: wherever they came
    std::vector<float> low_resolution{}; ///< [B, F, H/2, W/2, C]

    friend bool operator==(const latents&, const latents&) = default;
    bool is_stack(std::int64_t b) const { return !is_image.empty() && is_image[static_cast<std::size_t>(b)] != 0; }
    /// is_image, spelled out where it was left out.
    std::vector<std::uint8_t> kinds() const {
        return is_image.empty() ? std::vector<std::uint8_t>(static_cast<std::size_t>(shape.count)) : is_image;
    }

    /// Frames first .. first + some - 1 of every sample, with what is known of them.
    latents frames(std::int64_t first, std::int64_t some) const {
        detail::require_frames(shape, first, some);
        const auto part = [&](const auto& of) {
            return detail::some_frames(of, shape.count, shape.frames, first, some);
        };
        latents made{shape,         part(values),        scale,
                     is_image,      part(labels),        text,
                     part(numbers), part(numbers_valid), part(low_resolution)};
        made.text.row = part(text.row);
        made.shape.frames = some;
        return made;
    }
    /// The same samples, each followed by the frames that `later` has of it. Both know the same of their frames, and
    /// nothing of texts.
    void append(const latents& later) {
        detail::require_follows(shape, later.shape);
        require(is_image == later.is_image, "what follows a sample must be of its kind, video or stack of images");
        require(scale == later.scale, "normalised latents and raw ones cannot follow each other");
        require(text.row.empty() && later.text.row.empty(),
                "latents with texts are not put together: {} and {} frames have one; give the texts afterwards",
                text.row.size(), later.text.row.size());
        const auto join = [&](auto& of, const auto& behind, const char* what) {
            detail::join(of, behind, shape.count, what);
        };
        join(values, later.values, "values");
        join(labels, later.labels, "labels");
        join(numbers, later.numbers, "numbers");
        join(numbers_valid, later.numbers_valid, "validities of numbers");
        join(low_resolution, later.low_resolution, "low-resolution latents");
        shape.frames += later.shape.frames;
    }

    /// Throws walt::error with both numbers where a size is not that of the shape, or a text is not there.
    void check() const {
        detail::require_shape(shape);
        const std::int64_t frames = shape.count * shape.frames;
        detail::require_size(values, shape.size(), shape, "latent numbers");
        detail::require_size_or_none(is_image, shape.count, shape, "kinds (is_image)");
        detail::require_size_or_none(labels, frames, shape, "labels");
        detail::require_size_or_none(text.row, frames, shape, "text rows");
        if (!text.row.empty()) text.check();
        require(static_cast<std::int64_t>(numbers.size()) % frames == 0,
                "numbers come in equal count for each of {} x {} frames; {} came", shape.count, shape.frames,
                numbers.size());
        require(!numbers.empty() || numbers_valid.empty(),
                "numbers come with which of them are valid; {} came, with {} validities", numbers.size(),
                numbers_valid.size());
        detail::require_size_or_none(numbers_valid, frames, shape, "validities of numbers");
        detail::require_size_or_none(low_resolution, shape.size() / 4, shape, "low-resolution numbers");
    }
};

/// Tells latents what is known of the clips that they are made of: kinds, labels and numbers; a latent frame gets the
/// label of its first frame of pixels, and the mean of the numbers that are known in its frames. (Captions need an
/// encoder.) begins: the clips begin their videos, else they are chunks that go on.
inline void carry_conditions(const clips& from, latents& to, bool begins = true) {
    const std::int64_t B = to.shape.count, F = from.shape.frames, f = to.shape.frames;
    const std::int64_t N = from.numbers.empty() ? 0 : static_cast<std::int64_t>(from.numbers.size()) / (B * F);
    to.is_image = from.is_image;
    for (std::int64_t b = 0; b < B; ++b)
        for (std::int64_t at = 0; at < f; ++at) {
            // A video's latent frame 0 is made of frame 0 alone, the others of equal shares of the rest; F = f in
            // stacks.
            const std::int64_t share = !begins ? F / f : f > 1 ? (F - 1) / (f - 1) : 1;
            const bool alone = begins && at == 0;
            const std::int64_t first = b * F + (alone    ? 0
                                                : begins ? (at - 1) * share + 1
                                                         : at * share),
                               last = alone ? first + 1 : first + share;
            if (!from.labels.empty()) to.labels.push_back(from.labels[static_cast<std::size_t>(first)]);
            if (N == 0) continue;
            std::vector<float> mean(static_cast<std::size_t>(N));
            int known = 0;
            for (std::int64_t i = first; i < last; ++i) {
                if (!from.numbers_valid.empty() && from.numbers_valid[static_cast<std::size_t>(i)] == 0) continue;
                ++known;
                for (std::int64_t n = 0; n < N; ++n)
                    mean[static_cast<std::size_t>(n)] += from.numbers[static_cast<std::size_t>(i * N + n)];
            }
            for (const float sum : mean) to.numbers.push_back(known > 0 ? sum / static_cast<float>(known) : 0.0f);
            to.numbers_valid.push_back(known > 0);
        }
}

} // namespace walt
