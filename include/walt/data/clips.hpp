// Clips in host memory: what datasets give, tokenizers encode and decode, and files are written from.
#pragma once

#include "video_shape.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace walt {

/// The label of a sample that has none.
inline constexpr std::int32_t no_label = -1;

/// B samples of F frames: videos, or stacks of F independent images. A vector that is empty says that nothing is known.
struct clips {
    video_shape shape{};                              ///< [B, F, H, W, C]
    std::vector<float> pixels{};                      ///< [B, F, H, W, C] in [-1, 1]
    std::vector<std::uint8_t> is_image{};             ///< [B], 1 where the frames are independent images; empty: videos
    std::vector<std::vector<std::string>> captions{}; ///< [B][F]; a video's is the same in all of its frames
    std::vector<std::int32_t> labels{};               ///< [B F], a class or no_label
    std::vector<float> numbers{}; ///< [B, F, N]: real numbers of each frame (actions, a camera, ...)
    std::vector<std::uint8_t>
        numbers_valid{}; ///< [B F], 1 where a frame's numbers are known; empty: wherever they came
    std::vector<std::uint8_t>
        present{}; ///< [B, F, H, W], 0 where a pixel is missing, whatever stands there; empty: all are there

    friend bool operator==(const clips&, const clips&) = default;
    bool is_stack(std::int64_t b) const { return !is_image.empty() && is_image[static_cast<std::size_t>(b)] != 0; }

    /// The samples of one kind, in order: stacks of images, or videos. Their count may be 0.
    clips part(bool stacks) const {
        clips made;
        made.shape = shape;
        made.shape.count = 0;
        for (std::int64_t b = 0; b < shape.count; ++b) {
            if (is_stack(b) != stacks) continue;
            ++made.shape.count;
            const auto keep = [&](const auto& from, auto& to) {
                const auto size = static_cast<std::int64_t>(from.size()) / shape.count;
                detail::append(to, from, b * size, size);
            };
            keep(pixels, made.pixels);
            keep(is_image, made.is_image);
            keep(captions, made.captions);
            keep(labels, made.labels);
            keep(numbers, made.numbers);
            keep(numbers_valid, made.numbers_valid);
            keep(present, made.present);
        }
        return made;
    }

    /// Frames first .. first + some - 1 of every sample, with what is known of them.
    clips frames(std::int64_t first, std::int64_t some) const {
        detail::require_frames(shape, first, some);
        const auto part = [&](const auto& of) {
            return detail::some_frames(of, shape.count, shape.frames, first, some);
        };
        clips made{shape,         part(pixels),        is_image,     captions, part(labels),
                   part(numbers), part(numbers_valid), part(present)};
        made.shape.frames = some;
        for (auto& list : made.captions) {
            std::vector<std::string> part_of_it;
            detail::append(part_of_it, list, first, some);
            list.swap(part_of_it);
        }
        return made;
    }
    /// The same samples, each followed by the frames that `later` has of it. Both know the same of their frames.
    void append(const clips& later) {
        detail::require_follows(shape, later.shape);
        require(is_image == later.is_image, "what follows a sample must be of its kind, video or stack of images");
        const auto join = [&](auto& of, const auto& behind, const char* what) {
            detail::join(of, behind, shape.count, what);
        };
        join(pixels, later.pixels, "pixels");
        join(labels, later.labels, "labels");
        join(numbers, later.numbers, "numbers");
        join(numbers_valid, later.numbers_valid, "validities of numbers");
        join(present, later.present, "missing pixels");
        require(captions.empty() == later.captions.empty(),
                "frames with captions cannot be followed by frames without, nor the other way");
        for (std::size_t b = 0; b < captions.size(); ++b) detail::append(captions[b], later.captions[b]);
        shape.frames += later.shape.frames;
    }

    /// Throws walt::error with both numbers where a size is not that of the shape.
    void check() const {
        detail::require_shape(shape);
        const std::int64_t frames = shape.count * shape.frames;
        detail::require_size(pixels, shape.size(), shape, "numbers");
        detail::require_size_or_none(is_image, shape.count, shape, "kinds (is_image)");
        detail::require_size_or_none(captions, shape.count, shape, "lists of captions");
        for (const auto& list : captions) detail::require_size(list, shape.frames, shape, "captions a sample");
        detail::require_size_or_none(labels, frames, shape, "labels");
        require(static_cast<std::int64_t>(numbers.size()) % frames == 0,
                "numbers come in equal count for each of {} x {} frames; {} came", shape.count, shape.frames,
                numbers.size());
        require(!numbers.empty() || numbers_valid.empty(),
                "numbers come with which of them are valid; {} came, with {} validities", numbers.size(),
                numbers_valid.size());
        detail::require_size_or_none(numbers_valid, frames, shape, "validities of numbers");
        detail::require_size_or_none(present, frames * shape.height * shape.width, shape, "marks of present pixels");
    }
    /// Pixels as a network sees them: 0, the middle of their range, where one is missing.
    std::vector<float> seen() const { return seen(present); }
    /// The same where others are missing, [B, F, H, W] or empty.
    std::vector<float> seen(const std::vector<std::uint8_t>& there) const {
        std::vector<float> values = pixels;
        const auto channels = static_cast<std::size_t>(shape.channels);
        for (std::size_t i = 0; i < there.size(); ++i)
            if (there[i] == 0) std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(i * channels), channels, 0.0f);
        return values;
    }
    /// Pixels that are there.
    std::int64_t pixels_present() const {
        if (present.empty()) return shape.count * shape.frames * shape.height * shape.width;
        return std::count_if(present.begin(), present.end(), [](std::uint8_t one) { return one != 0; });
    }
};

/// The same clips, their pixels clamped to [-1, 1]: what a file would have of what a tokenizer decodes.
inline clips clamped(clips of) {
    for (float& x : of.pixels) x = std::clamp(x, -1.0f, 1.0f);
    return of;
}

/// Where pixels are present in both of two clips of one shape, [B, F, H, W]; empty: everywhere. Measures compare these.
inline std::vector<std::uint8_t> present_in_both(const clips& x, const clips& y) {
    if (x.present.empty()) return y.present;
    std::vector<std::uint8_t> both = x.present;
    for (std::size_t i = 0; i < y.present.size(); ++i) both[i] = both[i] != 0 && y.present[i] != 0;
    return both;
}

} // namespace walt
