// Depth to space: channels become neighbours in time and space (spec 3, up; spec 1.3 with one frame).
//   x [B, F, H, W, S 4 C] -> y [B, F S - (S - 1), 2 H, 2 W, C]; channels of x are read as (frame, row, column, C)
//   y[b, f S + t - (S - 1), 2 h + i, 2 w + j, c] = x[b, f, h, w, ((t 2 + i) 2 + j) C + c]
// S = 2 drops the first frame of the result, so n frames become 2 n - 1 and frame 0 stays the first.
#pragma once

#include "causal_conv3d.hpp"

namespace walt {

namespace rules {
template <int Deep, int Blocks, int Channels> struct depth_holds_blocks {
    static constexpr bool value = Deep == Blocks * Channels;
    static_assert(value, "depth to space turns time stride x 2 x 2 x C channels into C (deep == blocks * channels)");
};
template <class Deep, class Wide> void depth_sizes(const Deep& deep, const Wide& wide, int time) {
    require(wide.extent(0) == deep.extent(0) && wide.extent(1) == deep.extent(1) * time - (time - 1) &&
                wide.extent(2) == 2 * deep.extent(2) && wide.extent(3) == 2 * deep.extent(3),
            "ops::depth_to_space: {} frames of {} x {} become {} frames of {} x {}, not {} of {} x {} (same batch)",
            deep.extent(1), deep.extent(2), deep.extent(3), deep.extent(1) * time - (time - 1), 2 * deep.extent(2),
            2 * deep.extent(3), wide.extent(1), wide.extent(2), wide.extent(3));
}
} // namespace rules

namespace ops {

/// y as above, Time = S.
template <int Time, class Context, class X, class Y> void depth_to_space(Context& ctx, X x, Y y) {
    if constexpr (rules::depth_holds_blocks<X::static_extent(4), Time * 4, Y::static_extent(4)>::value) {
        rules::depth_sizes(x, y, Time);
        depth_to_space_on<Time>(ctx, x.read(), y);
    }
}

/// dx is assigned; what was dropped gets zeros.
template <int Time, class Context, class DY, class DX> void depth_to_space_grad(Context& ctx, DY dy, DX dx) {
    if constexpr (rules::depth_holds_blocks<DX::static_extent(4), Time * 4, DY::static_extent(4)>::value) {
        rules::depth_sizes(dx, dy, Time);
        depth_to_space_grad_on<Time>(ctx, dy.read(), dx);
    }
}

} // namespace ops
} // namespace walt
