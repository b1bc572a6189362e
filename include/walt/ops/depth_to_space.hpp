// Depth to space: channels become neighbours in time and space (docs/model.md 3, up; docs/model.md 1.3 with one frame).
//   x [B, F, H, W, S R R C] -> y [B, F S - D, R H, R W, C]; channels of x are read as (frame, row, column, C)
//   y[b, f S + t - D, R h + i, R w + j, c] = x[b, f, h, w, ((t R + i) R + j) C + c]
// The first chunk of a video drops D = S - 1 frames of the result, so with S = 2 n frames become 2 n - 1 and frame 0
// stays the first; a later chunk drops none.
#pragma once

#include "../core/video.hpp"
#include "rules.hpp"

namespace walt {

namespace rules {
template <int Deep, int Blocks, int Channels> constexpr bool depth_holds_blocks() {
    constexpr bool holds = Deep == Blocks * Channels;
    static_assert(holds,
                  "depth to space turns time stride x space stride^2 x C channels into C (deep == blocks * channels)");
    return holds;
}
template <class Deep, class Wide>
void depth_sizes(const Deep& deep, const Wide& wide, int time, int space, bool first, const char* op) {
    const video_size from = size_of(deep), to = size_of(wide),
                     right{from.batch, from.frames * time - (first ? time - 1 : 0), space * from.height,
                           space * from.width};
    require(to == right,
            "{}: {} videos of {} frames of {} x {} become {} of {} frames of {} x {}, not {} of {} of {} x {}", op,
            from.batch, from.frames, from.height, from.width, right.batch, right.frames, right.height, right.width,
            to.batch, to.frames, to.height, to.width);
}
} // namespace rules

namespace ops {

template <int Time, int Space, class... T> void depth_to_space_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no depth to space (depth_to_space_on) for operands of these types");
}
/// y as above, Time = S, Space = R. first: x begins its video.
template <int Time, int Space = 2, context Context, class X, class Y>
void depth_to_space(Context& ctx, X x, Y y, bool first = true) {
    if constexpr (rules::known<X, 4> && rules::known<Y, 4> &&
                  rules::depth_holds_blocks<X::static_extent(4), Time * Space * Space, Y::static_extent(4)>()) {
        rules::depth_sizes(x, y, Time, Space, first, "ops::depth_to_space");
        depth_to_space_on<Time, Space>(ctx, x.read(), y);
    }
}

template <int Time, int Space, class... T> void depth_to_space_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no gradient of depth to space (depth_to_space_grad_on) for operands of these types");
}
/// dx is assigned; what was dropped gets zeros.
template <int Time, int Space = 2, context Context, class DY, class DX>
void depth_to_space_grad(Context& ctx, DY dy, DX dx, bool first = true) {
    if constexpr (rules::known<DX, 4> && rules::known<DY, 4> &&
                  rules::depth_holds_blocks<DX::static_extent(4), Time * Space * Space, DY::static_extent(4)>()) {
        rules::depth_sizes(dx, dy, Time, Space, first, "ops::depth_to_space_grad");
        depth_to_space_grad_on<Time, Space>(ctx, dy.read(), dx);
    }
}

} // namespace ops
} // namespace walt
