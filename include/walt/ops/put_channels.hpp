// Channels of several videos one behind the other (docs/model.md 21.1): the branches of a block become its result.
//   x [B, F, H, W, C] (T)   y [B, F, H, W, D] (T)   y[..., first + c] = x[..., c]; the other channels of y stay
// Forward only: the networks that branch are frozen, and no gradient flows into their pixels.
#pragma once

#include "rules.hpp"

namespace walt::ops {

template <class... T> void put_channels_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device does not put channels (put_channels_on) of these types into others");
}
template <context Context, class X, class Y> void put_channels(Context& ctx, X x, Y y, int first) {
    if constexpr (rules::known<X, 4> && rules::known<Y, 4>) {
        constexpr int C = X::static_extent(4), D = Y::static_extent(4);
        rules::equal_videos(x, y, "ops::put_channels", "x", "y");
        require(first >= 0 && first + C <= D, "ops::put_channels: {} channels from {} on do not fit into {}", C, first,
                D);
        put_channels_on(ctx, x.read(), y, first);
    }
}

} // namespace walt::ops
