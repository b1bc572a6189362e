// Windows that move over a video, each channel alone: which elements lie under a place, and which places over an
// element.
#pragma once

#include "conv_geometry.hpp"
#include "rules.hpp"

namespace walt {

/// One axis of a geometry's windows over so many elements: place o covers the elements [begin(o), end(o)).
struct window_axis {
    std::int64_t extent, places;
    int kernel, stride, before;

    constexpr window_axis(const conv_axis& axis, std::int64_t elements)
        : extent(elements), places(axis.places(elements)), kernel(axis.kernel), stride(axis.stride),
          before(axis.before) {}
    WALT_HD constexpr std::int64_t begin(std::int64_t o) const {
        const std::int64_t at = o * stride - before;
        return at < 0 ? 0 : at;
    }
    WALT_HD constexpr std::int64_t end(std::int64_t o) const {
        const std::int64_t at = o * stride - before + kernel;
        return at < extent ? at : extent;
    }
    /// The first and the last place that cover element i.
    WALT_HD constexpr std::int64_t first(std::int64_t i) const {
        const std::int64_t at = i + before - kernel + 1;
        return at <= 0 ? 0 : (at + stride - 1) / stride;
    }
    WALT_HD constexpr std::int64_t last(std::int64_t i) const {
        const std::int64_t at = (i + before) / stride;
        return at < places ? at : places - 1;
    }
};

/// The windows of a geometry over a video.
struct video_windows {
    window_axis time, height, width;
    constexpr video_windows(const conv_geometry& g, const video_size& x)
        : time(g.time, x.frames), height(g.height, x.height), width(g.width, x.width) {}

    /// Calls visit(element) for the elements under place (f, i, j), in order, while it says true; an element is counted
    /// over its clip, without channels.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable // visit runs where this does
#endif
    template <class Visit>
    WALT_HD constexpr void under(std::int64_t f, std::int64_t i, std::int64_t j, Visit&& visit) const {
        for (std::int64_t t = time.begin(f); t < time.end(f); ++t)
            for (std::int64_t r = height.begin(i); r < height.end(i); ++r)
                for (std::int64_t s = width.begin(j); s < width.end(j); ++s)
                    if (!visit((t * height.extent + r) * width.extent + s)) return;
    }
    /// Calls visit(f, i, j) for the places that cover element (t, r, s).
#if defined(__CUDACC__)
#pragma nv_exec_check_disable // visit runs where this does
#endif
    template <class Visit>
    WALT_HD constexpr void over(std::int64_t t, std::int64_t r, std::int64_t s, Visit&& visit) const {
        for (std::int64_t f = time.first(t); f <= time.last(t); ++f)
            for (std::int64_t i = height.first(r); i <= height.last(r); ++i)
                for (std::int64_t j = width.first(s); j <= width.last(s); ++j) visit(f, i, j);
    }
};

namespace rules {
inline void windows_reach(const conv_geometry& g, const char* op) {
    require(
        g.is_valid() && g.reaches_inside(),
        "{}: every window has an element of x under it, so padding is less than the kernel; the geometry has, as "
        "(kernel, stride, before, after), ({}, {}, {}, {}) in time, ({}, {}, {}, {}) in height, ({}, {}, {}, {}) in "
        "width",
        op, g.time.kernel, g.time.stride, g.time.before, g.time.after, g.height.kernel, g.height.stride,
        g.height.before, g.height.after, g.width.kernel, g.width.stride, g.width.before, g.width.after);
}
/// y has an element for each place of the geometry's windows over x.
template <class X, class Y> void window_places(const X& x, const conv_geometry& g, const Y& y, const char* op) {
    const video_size from = size_of(x), to = size_of(y), right = g.after(from);
    kernel_has_places(g, from, op);
    require(to == right,
            "{}: windows over {} x {} x {} x {} (batch, frames, height, width) have {} x {} x {} x {} places, but the "
            "other operand has {} x {} x {} x {}",
            op, from.batch, from.frames, from.height, from.width, right.batch, right.frames, right.height, right.width,
            to.batch, to.frames, to.height, to.width);
}
} // namespace rules
} // namespace walt
