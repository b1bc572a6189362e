// The shape of what lies in host memory as videos do: clips of pixels, and their latents.
#pragma once

#include "../core/append.hpp"
#include "../core/error.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace walt {

/// [count, frames, height, width, channels], row-major. An image is a video of one frame.
struct video_shape {
    std::int64_t count = 0, frames = 0, height = 0, width = 0, channels = 3;

    /// Numbers of one frame, of one sample, of all.
    constexpr std::int64_t frame() const { return height * width * channels; }
    constexpr std::int64_t sample() const { return frames * frame(); }
    constexpr std::int64_t size() const { return count * sample(); }
    friend constexpr bool operator==(const video_shape&, const video_shape&) = default;
};

namespace detail {
/// What a batch keeps for each sample or frame has the size that its shape gives, or is left out.
template <class T>
void require_size(const std::vector<T>& came, std::int64_t wanted, const video_shape& shape, const char* what) {
    require(static_cast<std::int64_t>(came.size()) == wanted,
            "a batch of {} x {} x {} x {} x {} (samples, frames, height, width, channels) has {} {}; {} came",
            shape.count, shape.frames, shape.height, shape.width, shape.channels, wanted, what, came.size());
}
template <class T>
void require_size_or_none(const std::vector<T>& came, std::int64_t wanted, const video_shape& shape, const char* what) {
    if (!came.empty()) require_size(came, wanted, shape, what);
}
inline void require_shape(const video_shape& shape) {
    for (const std::int64_t extent : {shape.count, shape.frames, shape.height, shape.width, shape.channels})
        require(extent > 0,
                "a batch has 1 or more of samples, frames, rows, columns and channels; its shape is {} x {} x {} x {} "
                "x {}",
                shape.count, shape.frames, shape.height, shape.width, shape.channels);
}
/// What is kept for each frame of `count` samples, [count, frames, ...]: frames first .. first + some - 1 of each
/// sample. An empty vector, of what is not known, stays empty, and so does that of no samples.
template <class T>
std::vector<T> some_frames(const std::vector<T>& of, std::int64_t count, std::int64_t frames, std::int64_t first,
                           std::int64_t some) {
    std::vector<T> made;
    if (count == 0) return made;
    const auto frame = static_cast<std::int64_t>(of.size()) / (count * frames);
    made.reserve(static_cast<std::size_t>(count * some * frame));
    for (std::int64_t b = 0; b < count; ++b) append(made, of, (b * frames + first) * frame, some * frame);
    return made;
}
/// What is kept for each frame of `count` samples: each gets what `later` has of it behind its own.
template <class T> void join(std::vector<T>& of, const std::vector<T>& later, std::int64_t count, const char* what) {
    require(of.empty() == later.empty(), "frames with {} cannot be followed by frames without, nor the other way",
            what);
    if (count == 1) append(of, later); // where it lies: a stream joins chunk after chunk
    if (count <= 1) return;
    std::vector<T> made;
    made.reserve(of.size() + later.size());
    const auto sample = static_cast<std::ptrdiff_t>(of.size()) / count,
               behind = static_cast<std::ptrdiff_t>(later.size()) / count;
    for (std::ptrdiff_t b = 0; b < count; ++b) {
        append(made, of, b * sample, sample);
        append(made, later, b * behind, behind);
    }
    of = std::move(made);
}
inline void require_frames(const video_shape& shape, std::int64_t first, std::int64_t some) {
    require(first >= 0 && some >= 1 && first + some <= shape.frames,
            "of {} frames, {} from frame {} on cannot be taken", shape.frames, some, first);
}
inline void require_follows(const video_shape& shape, const video_shape& later) {
    require(later.count == shape.count && later.height == shape.height && later.width == shape.width &&
                later.channels == shape.channels,
            "{} samples of {} x {} x {} (height, width, channels) cannot follow {} of {} x {} x {}", later.count,
            later.height, later.width, later.channels, shape.count, shape.height, shape.width, shape.channels);
}
} // namespace detail

} // namespace walt
