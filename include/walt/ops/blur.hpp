// Blur, often with a stride: a geometry's binomial kernel over each channel by itself (docs/model.md 11, 13).
//   x [B, F, H, W, C] -> y [B, F', H', W', C]
//   along every axis  y[i] = sum over t of k[t] x[i stride + t - before],  k = 1; [1, 1] / 2; [1, 2, 1] / 4; ...
// Without a geometry it blurs and halves: [1, 2, 1] / 4 with stride 2 along time, height and width, the element at the
// edge repeated beyond it; n -> n' = (n + 1) / 2, and an axis of one element stays as it is.
#pragma once

#include "conv_geometry.hpp"
#include "rules.hpp"

namespace walt {

/// One axis of `extent` elements.
struct blur_axis {
    std::int64_t extent = 1;
    conv_axis kernel{};
    std::int64_t count = 1; ///< of places

    constexpr blur_axis(const conv_axis& of, std::int64_t elements)
        : extent(elements), kernel(of), count(of.places(elements)) {}

    /// binomial(taps - 1, tap) / 2^(taps - 1).
    WALT_HD constexpr float weight(int tap) const {
        float share = 1;
        for (int n = 1; n < kernel.kernel; ++n) share *= 0.5f;
        for (int n = 0; n < tap; ++n) share *= static_cast<float>(kernel.kernel - 1 - n) / static_cast<float>(n + 1);
        return share;
    }
    /// The element under a tap of place i; one that is not there is a zero.
    WALT_HD constexpr std::int64_t source(std::int64_t i, int tap) const {
        const std::int64_t at = i * kernel.stride + tap - kernel.before;
        if ((at >= 0 && at < extent) || kernel.edge == padding::zeros) return at;
        if (kernel.edge == padding::replicate) return at < 0 ? 0 : extent - 1;
        return at < 0 ? -at : 2 * (extent - 1) - at;
    }
    /// The share of element j in place i.
    WALT_HD constexpr float share(std::int64_t j, std::int64_t i) const {
        float sum = 0;
        for (int tap = 0; tap < kernel.kernel; ++tap)
            if (source(i, tap) == j) sum += weight(tap);
        return sum;
    }
    struct range {
        std::int64_t first, last;
    };
    /// The elements of place i, and the places that element j may be part of.
    WALT_HD constexpr range elements(std::int64_t i) const {
        range found{extent - 1, 0};
        for (int tap = 0; tap < kernel.kernel; ++tap) {
            const std::int64_t j = source(i, tap);
            if (j < 0 || j >= extent) continue;
            if (j < found.first) found.first = j;
            if (j > found.last) found.last = j;
        }
        return found;
    }
    WALT_HD constexpr range places_of(std::int64_t j) const {
        const std::int64_t pad = kernel.before > kernel.after ? kernel.before : kernel.after,
                           reach = kernel.edge == padding::zeros     ? 0
                                   : kernel.edge == padding::reflect ? 2 * pad
                                                                     : pad,
                           least = j + kernel.before - reach - kernel.kernel + 1,
                           most = (j + kernel.before + reach) / kernel.stride;
        return {least <= 0 ? 0 : (least + kernel.stride - 1) / kernel.stride, most < count ? most : count - 1};
    }
};

/// The three axes of x.
struct blur_axes {
    blur_axis time, height, width;

    /// [1, 2, 1] / 4 with stride 2 along every axis, edges repeated.
    static constexpr conv_axis halving{3, 2, 1, 1, padding::replicate};
    static constexpr conv_geometry halved{halving, halving, halving};

    constexpr blur_axes(const conv_geometry& g, const video_size& x)
        : time(g.time, x.frames), height(g.height, x.height), width(g.width, x.width) {}
    explicit constexpr blur_axes(const video_size& x) : blur_axes(halved, x) {}
    constexpr video_size after(const video_size& x) const { return {x.batch, time.count, height.count, width.count}; }
    /// Calls use(position in x, share) for all that y's position is made of; positions count (b, f, h, w).
    template <class Use> WALT_HD void each_element(std::int64_t position, Use&& use) const {
        const std::int64_t w = position % width.count, row = position / width.count, h = row % height.count,
                           frame = row / height.count, f = frame % time.count, b = frame / time.count;
        const auto t = time.elements(f), r = height.elements(h), c = width.elements(w);
        for (std::int64_t i = t.first; i <= t.last; ++i)
            for (std::int64_t j = r.first; j <= r.last; ++j) {
                const float of_row = time.share(i, f) * height.share(j, h);
                for (std::int64_t k = c.first; k <= c.last; ++k)
                    use(((b * time.extent + i) * height.extent + j) * width.extent + k, of_row * width.share(k, w));
            }
    }
    /// The other way round: use(position in y, share) for all that x's position is a part of.
    template <class Use> WALT_HD void each_place(std::int64_t position, Use&& use) const {
        const std::int64_t w = position % width.extent, row = position / width.extent, h = row % height.extent,
                           frame = row / height.extent, f = frame % time.extent, b = frame / time.extent;
        const auto t = time.places_of(f), r = height.places_of(h), c = width.places_of(w);
        for (std::int64_t i = t.first; i <= t.last; ++i)
            for (std::int64_t j = r.first; j <= r.last; ++j) {
                const float of_row = time.share(f, i) * height.share(h, j);
                if (of_row == 0) continue;
                for (std::int64_t k = c.first; k <= c.last; ++k)
                    if (const float share = of_row * width.share(w, k); share != 0)
                        use(((b * time.count + i) * height.count + j) * width.count + k, share);
            }
    }
    template <bool Back, class Use> WALT_HD void each_part(std::int64_t position, Use&& use) const {
        if constexpr (Back) each_place(position, use);
        else each_element(position, use);
    }
};

namespace rules {
inline void blur_geometry(const conv_geometry& g, const video_size& x, const char* op) {
    const auto reflects = [](const conv_axis& axis, std::int64_t extent) {
        return axis.edge != padding::reflect || (axis.before < extent && axis.after < extent);
    };
    require(
        g.is_valid() && reflects(g.time, x.frames) && reflects(g.height, x.height) && reflects(g.width, x.width),
        "{}: kernels and strides are positive, paddings not negative, and what is reflected is less than the axis; the "
        "geometry has, as (kernel, stride, before, after), ({}, {}, {}, {}) in time, ({}, {}, {}, {}) in height, ({}, "
        "{}, {}, {}) in width, and x is {} x {} x {}",
        op, g.time.kernel, g.time.stride, g.time.before, g.time.after, g.height.kernel, g.height.stride,
        g.height.before, g.height.after, g.width.kernel, g.width.stride, g.width.before, g.width.after, x.frames,
        x.height, x.width);
}
template <class X, class Y> void blur_sizes(const blur_axes& axes, const X& x, const Y& y, const char* op) {
    const video_size from = size_of(x), to = size_of(y), right = axes.after(from);
    require(to == right,
            "{}: {} videos of {} frames of {} x {} become {} of {} frames of {} x {}, not {} of {} of {} x {}", op,
            from.batch, from.frames, from.height, from.width, right.batch, right.frames, right.height, right.width,
            to.batch, to.frames, to.height, to.width);
}
/// The axes of x, of which the blur makes y.
template <class X, class Y> blur_axes axes_of_blur(const conv_geometry& g, const X& x, const Y& y, const char* op) {
    blur_geometry(g, size_of(x), op);
    kernel_has_places(g, size_of(x), op);
    const blur_axes axes(g, size_of(x));
    blur_sizes(axes, x, y, op);
    return axes;
}
} // namespace rules

namespace ops {

template <class... T> void blur_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device does not blur (blur_on) operands of these types");
}
/// y as above, in y's element type.
template <context Context, class X, class Y> void blur(Context& ctx, const conv_geometry& g, X x, Y y) {
    if constexpr (rules::same_width<X, 4, Y, 4>) blur_on(ctx, rules::axes_of_blur(g, x, y, "ops::blur"), x.read(), y);
}
template <context Context, class X, class Y> void blur(Context& ctx, X x, Y y) {
    ops::blur(ctx, blur_axes::halved, x, y);
}

template <class... T> void blur_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no gradient of the blur (blur_grad_on) for operands of these types");
}
/// dx = the gradient of <blur(x), dy>: every element gets its shares of the places that it is a part of.
template <context Context, class DY, class DX> void blur_grad(Context& ctx, const conv_geometry& g, DY dy, DX dx) {
    if constexpr (rules::same_width<DX, 4, DY, 4>)
        blur_grad_on(ctx, rules::axes_of_blur(g, dx, dy, "ops::blur_grad"), dy.read(), dx);
}
template <context Context, class DY, class DX> void blur_grad(Context& ctx, DY dy, DX dx) {
    ops::blur_grad(ctx, blur_axes::halved, dy, dx);
}

} // namespace ops
} // namespace walt
