// Group norm of every frame on its own, with scale and shift, then an activation (spec 3, GN and adanorm).
//   x [B, F, H, W, C] (T or A)   scale, shift [R, C] (A)   y like x (T or A)   statistics [B F, G, 2] (A): mean, 1 /
//   std normal = (x - mean) / std over H, W and the C / G channels of a group;  y = act(normal scale[row] + shift[row])
// The statistics never mix frames, so a frame's result does not depend on later ones (spec 3).
#pragma once

#include "../core/video.hpp"
#include "frame_rows.hpp"
#include "pointwise.hpp"

namespace walt {

namespace rules {
template <int Channels, int Groups> struct groups_divide_channels {
    static constexpr bool value = Groups > 0 && Channels % (Groups > 0 ? Groups : 1) == 0;
    static_assert(value, "the number of groups of a group norm must divide its channels (channels % groups == 0)");
};
template <class X, class Scale, class Shift, class Other, class Statistics>
inline constexpr bool norm_shapes = agree<X, 4, Scale, 1>&& agree<X, 4, Shift, 1>&& agree<X, 4, Other, 4>&&
    groups_divide_channels<X::static_extent(4), Statistics::static_extent(1)>::value;

template <class X, class Scale, class Statistics>
void norm_sizes(const X& x, const Scale& scale, const frame_rows& rows, const Statistics& statistics) {
    const std::int64_t frames = x.extent(0) * x.extent(1);
    equal(statistics.extent(0), frames, "ops::group_norm: the frames of x and of its statistics");
    if (frames > 0)
        require(rows.of(frames - 1) < scale.extent(0),
                "ops::group_norm: frame {} uses row {} of scale and shift, which have {} rows", frames - 1,
                rows.of(frames - 1), scale.extent(0));
}
} // namespace rules

namespace ops {

inline constexpr double group_norm_epsilon = 1e-6; // spec 3

/// y as above; statistics are assigned, for the gradient. y may be x.
template <class Activation, class Context, class X, class Scale, class Shift, class Y, class Statistics>
void group_norm(Context& ctx, X x, Scale scale, Shift shift, const frame_rows& rows, Y y, Statistics statistics) {
    if constexpr (rules::norm_shapes<X, Scale, Shift, Y, Statistics>) {
        rules::equal(x.size(), y.size(), "ops::group_norm: the sizes of x and of y");
        rules::norm_sizes(x, scale, rows, statistics);
        group_norm_on(ctx, Activation{}, x.read(), scale.read(), shift.read(), rows, y, statistics);
    }
}

/// dx is assigned, dscale and dshift are added to. dx may be dy.
template <class Activation, class Context, class X, class Scale, class Shift, class Statistics, class DY, class DX,
          class DScale>
void group_norm_grad(Context& ctx, X x, Scale scale, Shift shift, const frame_rows& rows, Statistics statistics, DY dy,
                     DX dx, DScale dscale, DScale dshift) {
    if constexpr (rules::norm_shapes<X, Scale, Shift, DY, Statistics>) {
        rules::equal(x.size(), dx.size(), "ops::group_norm_grad: the sizes of x and of dx");
        rules::norm_sizes(x, scale, rows, statistics);
        group_norm_grad_on(ctx, Activation{}, x.read(), scale.read(), shift.read(), rows, statistics.read(), dy.read(),
                           dx, dscale, dshift, false);
    }
}

/// The same with dx added to: the beginning of a residual branch.
template <class Activation, class Context, class X, class Scale, class Shift, class Statistics, class DY, class DX,
          class DScale>
void group_norm_grad_add(Context& ctx, X x, Scale scale, Shift shift, const frame_rows& rows, Statistics statistics,
                         DY dy, DX dx, DScale dscale, DScale dshift) {
    if constexpr (rules::norm_shapes<X, Scale, Shift, DY, Statistics>) {
        rules::equal(x.size(), dx.size(), "ops::group_norm_grad_add: the sizes of x and of dx");
        rules::norm_sizes(x, scale, rows, statistics);
        group_norm_grad_on(ctx, Activation{}, x.read(), scale.read(), shift.read(), rows, statistics.read(), dy.read(),
                           dx, dscale, dshift, true);
    }
}

} // namespace ops
} // namespace walt
