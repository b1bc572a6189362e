// The mean under a window, each channel alone (docs/model.md 21.1).
//   x [B, F, H, W, C] (T)   y [B, F', H', W', C] (T)   of a geometry's windows, as a convolution's
//   y[b, f, i, j, c] = mean over the (t, r, s) inside of x of
//                      x[b, f st + t - before_t, i sh + r - before_h, j sw + s - before_w, c]
// What lies outside of x takes no part and is not counted. Forward only: the networks that pool so are frozen, and no
// gradient flows into their pixels.
#pragma once

#include "windows.hpp"

namespace walt::ops {

template <class... T> void average_pool_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no mean over windows (average_pool_on) for operands of these types");
}
template <context Context, class X, class Y> void average_pool(Context& ctx, const conv_geometry& g, X x, Y y) {
    if constexpr (rules::same_width<X, 4, Y, 4>) {
        rules::windows_reach(g, "ops::average_pool");
        rules::window_places(x, g, y, "ops::average_pool");
        average_pool_on(ctx, g, x.read(), y);
    }
}

} // namespace walt::ops
