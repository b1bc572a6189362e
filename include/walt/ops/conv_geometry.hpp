// How a convolution lies over its input: along each axis the kernel's extent, its step, and what stands at the edges.
#pragma once

#include "../core/dtype.hpp"
#include "../core/error.hpp"
#include "../core/video.hpp"

#include <algorithm>

namespace walt {

/// What an axis holds beyond its edges.
enum class padding {
    zeros,
    replicate, ///< the element at the edge, again and again
    reflect    ///< the elements inside of the edge, backwards; of ops::blur alone
};

/// One number for each axis of a video: a kernel's extents, or its steps.
struct per_axis {
    int time = 1, height = 1, width = 1;
};

/// One axis: a kernel of `kernel` taps steps by `stride` over `before` elements of padding, the axis, and `after` more.
struct conv_axis {
    int kernel = 1, stride = 1, before = 0, after = 0;
    padding edge = padding::zeros;

    /// How many places the kernel has on an axis of so many elements.
    constexpr std::int64_t places(std::int64_t extent) const {
        const std::int64_t room = extent + before + after - kernel;
        return room < 0 ? 0 : room / stride + 1;
    }
    constexpr bool valid() const { return kernel > 0 && stride > 0 && before >= 0 && after >= 0; }
    /// Whether every place of the kernel has an element of the axis under it.
    constexpr bool reaches_inside() const { return before < kernel && after < kernel; }
    friend constexpr bool operator==(const conv_axis&, const conv_axis&) = default;
};

/// The three axes of a convolution, a value: a module's is a constant, an op's may follow the input. Dilation is 1.
struct conv_geometry {
    conv_axis time, height, width;

    /// A frame sees itself and the past: kernel - 1 before and nothing after in time, the kernel's middle in space.
    static constexpr conv_geometry causal(per_axis kernel, per_axis stride = {}, padding edges = padding::zeros) {
        const auto middle = centred(kernel, stride, edges);
        return {{kernel.time, stride.time, kernel.time - 1, 0, edges}, middle.height, middle.width};
    }
    /// The middle of an odd kernel on every stride-th element: kernel / 2 on both sides.
    static constexpr conv_geometry same_symmetric(per_axis kernel, per_axis stride = {},
                                                  padding edges = padding::zeros) {
        require(kernel.time % 2 == 1 && kernel.height % 2 == 1 && kernel.width % 2 == 1,
                "symmetric padding keeps the size for odd kernels only, not for {} x {} x {}", kernel.time,
                kernel.height, kernel.width);
        return centred(kernel, stride, edges);
    }
    /// Each frame alone: a square kernel of `kernel` taps a side steps by `stride` over `pad` elements on every side.
    static constexpr conv_geometry each_frame(int kernel, int stride, int pad, padding edges = padding::zeros) {
        const conv_axis side{kernel, stride, pad, pad, edges};
        return {{}, side, side};
    }
    /// TensorFlow's SAME: ceil(n / stride) places on an axis of n, as little padding as that takes, the odd element of
    /// it after. With stride 1 it does not depend on x.
    static constexpr conv_geometry same(per_axis kernel, per_axis stride, const video_size& x,
                                        padding edges = padding::zeros) {
        const auto axis = [&](int taps, int step, std::int64_t n) {
            const std::int64_t places = (n + step - 1) / step, missing = (places - 1) * step + taps - n;
            const int pad = static_cast<int>(std::max<std::int64_t>(0, missing));
            return conv_axis{taps, step, pad / 2, pad - pad / 2, edges};
        };
        return {axis(kernel.time, stride.time, x.frames), axis(kernel.height, stride.height, x.height),
                axis(kernel.width, stride.width, x.width)};
    }
    /// No padding: only where the whole kernel lies on the input.
    static constexpr conv_geometry valid(per_axis kernel, per_axis stride = {}) {
        return {{kernel.time, stride.time}, {kernel.height, stride.height}, {kernel.width, stride.width}};
    }

    /// The size behind the convolution.
    constexpr video_size after(const video_size& x) const {
        return {x.batch, time.places(x.frames), height.places(x.height), width.places(x.width)};
    }
    /// The same with so many frames of the past in place of the padding before.
    constexpr conv_geometry with_past(std::int64_t frames) const {
        conv_geometry other = *this;
        other.time.before = static_cast<int>(frames);
        return other;
    }
    /// How many frames at a chunk's end the next chunk needs as its past, where the chunk's last place ends on its last
    /// frame.
    constexpr int frames_to_keep() const { return std::max(0, time.kernel - time.stride); }
    constexpr bool is_valid() const { return time.valid() && height.valid() && width.valid(); }
    constexpr bool reflects() const {
        return time.edge == padding::reflect || height.edge == padding::reflect || width.edge == padding::reflect;
    }
    constexpr bool reaches_inside() const {
        return time.reaches_inside() && height.reaches_inside() && width.reaches_inside();
    }
    friend constexpr bool operator==(const conv_geometry&, const conv_geometry&) = default;

  private:
    static constexpr conv_geometry centred(per_axis kernel, per_axis stride, padding edges) {
        const auto axis = [&](int taps, int step) { return conv_axis{taps, step, (taps - 1) / 2, taps / 2, edges}; };
        return {axis(kernel.time, stride.time), axis(kernel.height, stride.height), axis(kernel.width, stride.width)};
    }
};

/// An axis of `extent` elements and its padding, written out: element i of the wide axis shows element source(i).
struct padded_axis {
    std::int64_t extent = 0, before = 0, after = 0;
    padding edge = padding::zeros;

    constexpr padded_axis() = default;
    constexpr padded_axis(const conv_axis& axis, std::int64_t elements)
        : extent(elements), before(axis.before), after(axis.after), edge(axis.edge) {}

    WALT_HD constexpr std::int64_t wide() const { return before + extent + after; }
    /// -1: a zero.
    WALT_HD constexpr std::int64_t source(std::int64_t i) const {
        const std::int64_t at = i - before;
        if (edge == padding::replicate) return at < 0 ? 0 : at >= extent ? extent - 1 : at;
        return at < 0 || at >= extent ? -1 : at;
    }
    /// The first and the last element of the wide axis that show element i.
    WALT_HD constexpr std::int64_t first(std::int64_t i) const {
        return edge == padding::replicate && i == 0 ? 0 : before + i;
    }
    WALT_HD constexpr std::int64_t last(std::int64_t i) const {
        return edge == padding::replicate && i == extent - 1 ? wide() - 1 : before + i;
    }
};

/// The three axes of an input with the padding that is written out.
struct padded_video {
    std::int64_t batch = 0;
    padded_axis time, height, width;

    constexpr padded_video(const conv_geometry& g, const video_size& x)
        : batch(x.batch), time(g.time, x.frames), height(g.height, x.height), width(g.width, x.width) {}
    WALT_HD constexpr video_size wide() const { return {batch, time.wide(), height.wide(), width.wide()}; }
};

/// A geometry as two: padding that a copy of the input holds, and the convolution over that copy.
struct split_geometry {
    conv_geometry written, rest;
    constexpr bool writes() const { return !(written == conv_geometry{}); }
};
/// Takes the padding of some axes out of a geometry.
constexpr split_geometry split_padding(const conv_geometry& g, bool time, bool height, bool width) {
    split_geometry parts{{}, g};
    const auto take = [&](conv_axis& from, conv_axis& to, bool wanted) {
        if (from.before + from.after == 0 || !wanted) return;
        to.before = from.before, to.after = from.after, to.edge = from.edge;
        from.before = from.after = 0;
    };
    take(parts.rest.time, parts.written.time, time);
    take(parts.rest.height, parts.written.height, height);
    take(parts.rest.width, parts.written.width, width);
    return parts;
}

namespace rules {
/// Frames of x have a place for the kernel. Without one y has no pixels, and whatever is summed over it is a 0 that
/// looks like an answer.
inline void kernel_has_places(const conv_geometry& g, const video_size& x, const char* op) {
    require((x.height == 0 || g.height.places(x.height) > 0) && (x.width == 0 || g.width.places(x.width) > 0),
            "{}: a kernel of {} x {} has no place on frames of {} x {} with padding of {} + {} and {} + {}", op,
            g.height.kernel, g.width.kernel, x.height, x.width, g.height.before, g.height.after, g.width.before,
            g.width.after);
}
} // namespace rules

} // namespace walt
