// The largest element under a window, each channel alone, and its gradient (docs/model.md 13).
//   x [B, F, H, W, C] (T)   y [B, F', H', W', C] (T)   of a geometry's windows, as a convolution's
//   y[b, f, i, j, c] = max over (t, r, s) of x[b, f st + t - before_t, i sh + r - before_h, j sw + s - before_w, c]
// What lies outside of x takes no part. A window with something that is not a number gives that.
#pragma once

#include "windows.hpp"

namespace walt {

namespace ops {

template <class... T> void max_pool_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no maximum over windows (max_pool_on) for operands of these types");
}
template <context Context, class X, class Y> void max_pool(Context& ctx, const conv_geometry& g, X x, Y y) {
    if constexpr (rules::same_width<X, 4, Y, 4>) {
        rules::windows_reach(g, "ops::max_pool");
        rules::window_places(x, g, y, "ops::max_pool");
        max_pool_on(ctx, g, x.read(), y);
    }
}

template <class... T> void max_pool_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no gradient of the maximum over windows "
                                           "(max_pool_grad_on) for operands of these types");
}
/// dx is assigned. A window's gradient goes to the first, in order, of its largest elements.
template <context Context, class X, class Y, class DY, class DX>
void max_pool_grad(Context& ctx, const conv_geometry& g, X x, Y y, DY dy, DX dx) {
    if constexpr (rules::same_width<X, 4, Y, 4> && rules::same_width<Y, 4, DY, 4> && rules::same_width<X, 4, DX, 4>) {
        rules::windows_reach(g, "ops::max_pool_grad");
        rules::window_places(x, g, y, "ops::max_pool_grad");
        rules::equal_videos(y, dy, "ops::max_pool_grad", "y", "dy");
        rules::equal_videos(x, dx, "ops::max_pool_grad", "x", "dx");
        max_pool_grad_on(ctx, g, x.read(), y.read(), dy.read(), dx);
    }
}

} // namespace ops
} // namespace walt
