// Clips of a dataset beside each other in one batch.
#pragma once

#include "dataset.hpp"

#include <algorithm>
#include <vector>

namespace walt {

namespace detail {
/// A batch with room for `count` samples and what is known of them.
inline clips room_for(const video_shape& shape, int classes, int numbers) {
    clips made;
    made.shape = shape;
    const auto samples = static_cast<std::size_t>(shape.count), frames = static_cast<std::size_t>(shape.frames);
    made.pixels.resize(static_cast<std::size_t>(shape.size()));
    made.is_image.resize(samples);
    made.captions.resize(samples);
    for (auto& list : made.captions) list.resize(frames);
    if (classes > 0) made.labels = std::vector<std::int32_t>(samples * frames, no_label);
    made.numbers.resize(samples * frames * static_cast<std::size_t>(numbers));
    if (numbers > 0) made.numbers_valid.resize(samples * frames);
    return made;
}

/// A clip becomes the frames of sample b from `frame` on.
inline void place(clips& in, std::int64_t b, std::int64_t frame, const clip& one) {
    const std::int64_t at = b * in.shape.frames + frame;
    const std::int64_t count = static_cast<std::int64_t>(one.pixels.size()) / in.shape.frame();
    std::copy(one.pixels.begin(), one.pixels.end(), in.pixels.begin() + at * in.shape.frame());
    if (!one.present.empty()) {
        const std::int64_t area = in.shape.height * in.shape.width;
        if (in.present.empty())
            in.present =
                std::vector<std::uint8_t>(static_cast<std::size_t>(in.shape.count * in.shape.frames * area), 1);
        std::copy(one.present.begin(), one.present.end(), in.present.begin() + at * area);
    }
    std::fill_n(in.captions[static_cast<std::size_t>(b)].begin() + frame, count, one.caption);
    if (!in.labels.empty()) std::fill_n(in.labels.begin() + at, count, one.label);
    if (one.numbers.empty()) return;
    const std::int64_t numbers = static_cast<std::int64_t>(one.numbers.size()) / count;
    std::copy(one.numbers.begin(), one.numbers.end(), in.numbers.begin() + at * numbers);
    std::copy(one.numbers_valid.begin(), one.numbers_valid.end(), in.numbers_valid.begin() + at);
}
} // namespace detail

/// Clips first .. first + count - 1 of a dataset, in order.
template <dataset D> clips read_clips(const D& from, walt::seed seed, std::int64_t first, std::int64_t count) {
    require(first >= 0 && count >= 1 && first + count <= from.size(),
            "clips {} to {} were asked for; the dataset has {}", first, first + count - 1, from.size());
    clips made = detail::room_for({count, from.frames(), from.height(), from.width(), channels_of(from)},
                                  classes_of(from), numbers_of(from));
    for (std::int64_t i = 0; i < count; ++i) detail::place(made, i, 0, clip_at(from, seed, first + i));
    return made;
}

} // namespace walt
