// Clips from and to videos of 8 bits a channel, as files have them.
#pragma once

#include "../io/frames.hpp"
#include "clips.hpp"
#include "resize.hpp"

#include <span>
#include <vector>

namespace walt {

/// B videos, or of a stack of F images F videos of one frame; clamped. Throws walt::error where a pixel is not finite.
inline std::vector<video> to_videos(const clips& from) {
    from.check();
    require(from.shape.channels == 3, "videos have 3 channels; these clips have {}", from.shape.channels);
    std::vector<video> list;
    for (std::int64_t b = 0; b < from.shape.count; ++b) {
        const std::int64_t count = from.is_stack(b) ? from.shape.frames : 1, frames = from.shape.frames / count;
        const auto some = to_videos(view<const float, dynamic, dynamic, dynamic, dynamic, 3>(
            from.pixels.data() + b * from.shape.sample(), count, frames, from.shape.height, from.shape.width));
        detail::append(list, some);
    }
    return list;
}

/// One clip of each video; all have the same size.
inline clips to_clips(std::span<const video> list) {
    require(!list.empty(), "clips are made of 1 video or more");
    clips made;
    const video& first = list.front();
    made.shape = {static_cast<std::int64_t>(list.size()), first.frames, first.height, first.width};
    for (const video& one : list) {
        require(one.frames == first.frames && one.height == first.height && one.width == first.width,
                "only videos of one size make a batch: {} x {} x {} and {} x {} x {}", first.frames, first.height,
                first.width, one.frames, one.height, one.width);
        detail::append(made.pixels, to_floats(one));
    }
    made.check();
    return made;
}

/// A clip of a video of any size: scaled until it covers height x width, of which the middle is kept, or another part.
inline clips to_clips(const video& from, int height, int width, crop keep = {}) {
    require(from.complete(), "a clip is made of a whole video; {} x {} x {} pixels came with {} bytes", from.frames,
            from.height, from.width, from.rgb.size());
    const resizer resize(from.height, from.width, height, width, keep);
    clips made{.shape = {1, from.frames, height, width}};
    made.pixels.resize(static_cast<std::size_t>(made.shape.size()));
    for (int f = 0; f < from.frames; ++f) resize(from.frame(f), made.pixels.data() + f * made.shape.frame());
    return made;
}

} // namespace walt
