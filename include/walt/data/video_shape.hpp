// The shape of what lies in host memory as videos do: clips of pixels, and their latents.
#pragma once

#include "../core/error.hpp"

#include <cstdint>
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
} // namespace detail

} // namespace walt
