// Videos as ops see them: their size, and views [B, F, H, W, C] of them.
#pragma once

#include "view.hpp"

namespace walt {

/// A batch of videos with static channels: [B, F, H, W, C].
template <class T, int C> using video_view = view<T, dynamic, dynamic, dynamic, dynamic, C>;

/// The run-time part of a video's shape.
struct video_size {
    std::int64_t batch = 0, frames = 0, height = 0, width = 0;

    constexpr std::int64_t positions() const { return batch * frames * height * width; }
    /// An uninitialised video of this size.
    template <class T, int C, class Arena> video_view<T, C> take(Arena& from) const {
        return from.template take<T, dynamic, dynamic, dynamic, dynamic, C>(batch, frames, height, width);
    }
    friend constexpr bool operator==(const video_size&, const video_size&) = default;
};

/// The size of a view [B, F, H, W, C].
template <class Video> constexpr video_size size_of(const Video& x) {
    return {x.extent(0), x.extent(1), x.extent(2), x.extent(3)};
}

/// Frame f of video b, flat.
template <class T, int C> view<T, dynamic> frame_of(const video_view<T, C>& x, std::int64_t b, std::int64_t f) {
    const std::int64_t frame = x.extent(2) * x.extent(3) * C;
    return view<T, dynamic>(x.data() ? x.data() + (b * x.extent(1) + f) * frame : nullptr, frame);
}

} // namespace walt
