// Convolution of each channel by a kernel of its own, over zeros beyond the edges (docs/model.md 21.2).
//   x [B, F, H, W, C] (T)   w [C, Kt, Kh, Kw, 1] (T)   b [C] (A)   y [B, F', H', W', C] (T), of a geometry
//   y[b, f, i, j, c] = b[c] + sum over (t, r, s) of
//                      w[c, t, r, s] x[b, f st + t - before_t, i sh + r - before_h, j sw + s - before_w, c]
// Forward only: the networks that have it are frozen, and no gradient flows into their pixels.
#pragma once

#include "windows.hpp"

namespace walt {

/// Windows that know which tap of the kernel lies on an element.
struct video_taps : video_windows {
    using video_windows::video_windows;
    /// Calls visit(element, tap) for the elements under place (f, i, j), in order.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable // visit runs where this does
#endif
    template <class Visit>
    WALT_HD constexpr void under(std::int64_t f, std::int64_t i, std::int64_t j, Visit&& visit) const {
        const std::int64_t first_t = f * time.stride - time.before, first_r = i * height.stride - height.before,
                           first_s = j * width.stride - width.before;
        for (std::int64_t t = time.begin(f); t < time.end(f); ++t)
            for (std::int64_t r = height.begin(i); r < height.end(i); ++r)
                for (std::int64_t s = width.begin(j); s < width.end(j); ++s)
                    visit((t * height.extent + r) * width.extent + s,
                          ((t - first_t) * height.kernel + r - first_r) * width.kernel + s - first_s);
    }
};

namespace ops {

template <class... T> void depthwise_conv_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no convolution of each channel (depthwise_conv_on) for operands of these types");
}
template <context Context, class X, class W, class Bias, class Y>
void depthwise_conv(Context& ctx, const conv_geometry& g, X x, W w, Bias bias, Y y) {
    if constexpr (rules::same_width<X, 4, Y, 4> && rules::same_width<X, 4, W, 0> && rules::width_is<W, 4, 1> &&
                  rules::same_width<Bias, 0, Y, 4>) {
        const auto zeros = [](const conv_axis& axis) { return axis.edge == padding::zeros; };
        require(g.is_valid() && zeros(g.time) && zeros(g.height) && zeros(g.width),
                "ops::depthwise_conv: kernels and strides are positive, paddings not negative and of zeros ({}); the "
                "edges are {} in time, {} in height, {} in width",
                static_cast<int>(padding::zeros), static_cast<int>(g.time.edge), static_cast<int>(g.height.edge),
                static_cast<int>(g.width.edge));
        require(w.extent(1) == g.time.kernel && w.extent(2) == g.height.kernel && w.extent(3) == g.width.kernel,
                "ops::depthwise_conv: the geometry is for a kernel of {} x {} x {} (time, height, width), but the "
                "weight has {} x {} x {}",
                g.time.kernel, g.height.kernel, g.width.kernel, w.extent(1), w.extent(2), w.extent(3));
        rules::window_places(x, g, y, "ops::depthwise_conv");
        depthwise_conv_on(ctx, g, x.read(), w.read(), bias.read(), y);
    }
}

} // namespace ops
} // namespace walt
