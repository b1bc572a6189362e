// Group norm of every frame on its own, with scale and shift, then an activation (docs/model.md 3, GN and adanorm).
//   x [B, F, H, W, C] (T or A)   scale, shift [R, C] (A)   y like x (T or A)   statistics [B F, G, 2] (A): mean, 1 /
//   std normal = (x - mean) / std over H, W and the C / G channels of a group;  y = act(normal scale[row] + shift[row])
// The statistics never mix frames, so a frame's result does not depend on later ones.
#pragma once

#include "../core/video.hpp"
#include "frame_rows.hpp"
#include "pointwise.hpp"

namespace walt {

namespace rules {
template <int Channels, int Groups> constexpr bool groups_divide_channels() {
    constexpr bool holds = Groups > 0 && Channels % (Groups > 0 ? Groups : 1) == 0;
    static_assert(holds, "the number of groups of a group norm must divide its channels (channels % groups == 0)");
    return holds;
}
template <class X, class Scale, class Shift, class Other, class Statistics>
inline constexpr bool norm_shapes = same_width<X, 4, Scale, 1>&& same_width<X, 4, Shift, 1>&&
    same_width<X, 4, Other, 4>&& known<Statistics, 1>&& width_is<Statistics, 2, 2>&&
    groups_divide_channels<X::static_extent(4), Statistics::static_extent(1)>();

inline void norm_sizes(std::int64_t frames, std::int64_t scale_rows, std::int64_t shift_rows, const frame_rows& rows,
                       std::int64_t statistics, const char* op) {
    require(statistics == frames, "{}: x has {} frames and its statistics have {}", op, frames, statistics);
    require(scale_rows == shift_rows, "{}: scale has {} rows and shift has {}", op, scale_rows, shift_rows);
    const std::int64_t last = frames == 0 ? 0 : rows.of(frames - 1);
    require(last < scale_rows, "{}: frame {} uses row {} of scale and shift, which have {} rows", op, frames - 1, last,
            scale_rows);
}
template <class X, class Scale, class Shift, class Statistics>
void norm_sizes(const X& x, const Scale& scale, const Shift& shift, const frame_rows& rows,
                const Statistics& statistics, const char* op) {
    norm_sizes(x.extent(0) * x.extent(1), scale.extent(0), shift.extent(0), rows, statistics.extent(0), op);
    require(
        rows.frames == 0 || (rows.frames == x.extent(1) && rows.latent_frames * x.extent(0) == scale.extent(0)),
        "{}: the rows are for clips of {} frames with {} rows each, but x is {} clips of {} frames, and scale has {} "
        "rows",
        op, rows.frames, rows.latent_frames, x.extent(0), x.extent(1), scale.extent(0));
}
} // namespace rules

namespace ops {

inline constexpr double group_norm_epsilon = 1e-6; // docs/model.md 3

template <class... T> void group_norm_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no group norm (group_norm_on) for operands of these types");
}
/// y as above; statistics are assigned, for the gradient. y may be x.
template <class Activation, context Context, class X, class Scale, class Shift, class Y, class Statistics>
void group_norm(Context& ctx, X x, Scale scale, Shift shift, const frame_rows& rows, Y y, Statistics statistics) {
    if constexpr (rules::norm_shapes<X, Scale, Shift, Y, Statistics>) {
        rules::equal_videos(x, y, "ops::group_norm", "x", "y");
        rules::norm_sizes(x, scale, shift, rows, statistics, "ops::group_norm");
        group_norm_on(ctx, Activation{}, x.read(), scale.read(), shift.read(), rows, y, statistics);
    }
}

template <class... T> void group_norm_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no gradient of a group norm (group_norm_grad_on) for operands of these types");
}
namespace detail {
template <class Activation, class Context, class X, class Scale, class Shift, class Statistics, class DY, class DX,
          class DScale, class DShift>
void group_norm_back(Context& ctx, const char* op, X x, Scale scale, Shift shift, const frame_rows& rows,
                     Statistics statistics, DY dy, DX dx, DScale dscale, DShift dshift, bool add) {
    if constexpr (rules::norm_shapes<X, Scale, Shift, DY, Statistics> && rules::same_width<X, 4, DX, 4> &&
                  rules::same_width<DScale, 1, X, 4> && rules::same_width<DShift, 1, X, 4>) {
        rules::equal_videos(x, dy, op, "x", "dy");
        rules::equal_videos(x, dx, op, "x", "dx");
        rules::norm_sizes(x, scale, shift, rows, statistics, op);
        if constexpr (!is_none<DScale>)
            require(dscale.extent(0) == scale.extent(0), "{}: scale has {} rows and dscale has {}", op, scale.extent(0),
                    dscale.extent(0));
        if constexpr (!is_none<DShift>)
            require(dshift.extent(0) == shift.extent(0), "{}: shift has {} rows and dshift has {}", op, shift.extent(0),
                    dshift.extent(0));
        const arena::scope scope(ctx.arena);
        const auto dscale_ = rules::or_scratch(ctx, dscale, scale), dshift_ = rules::or_scratch(ctx, dshift, shift);
        group_norm_grad_on(ctx, Activation{}, x.read(), scale.read(), shift.read(), rows, statistics.read(), dy.read(),
                           dx, dscale_, dshift_, add);
    }
}
} // namespace detail

/// dx is assigned and may be dy; dscale and dshift are added to, and may be unwanted (rules::wanted).
template <class Activation, context Context, class X, class Scale, class Shift, class Statistics, class DY, class DX,
          class DScale, class DShift>
void group_norm_grad(Context& ctx, X x, Scale scale, Shift shift, const frame_rows& rows, Statistics statistics, DY dy,
                     DX dx, DScale dscale, DShift dshift) {
    detail::group_norm_back<Activation>(ctx, "ops::group_norm_grad", x, scale, shift, rows, statistics, dy, dx, dscale,
                                        dshift, false);
}

/// The same with dx added to: the beginning of a residual branch.
template <class Activation, context Context, class X, class Scale, class Shift, class Statistics, class DY, class DX,
          class DScale, class DShift>
void group_norm_grad_add(Context& ctx, X x, Scale scale, Shift shift, const frame_rows& rows, Statistics statistics,
                         DY dy, DX dx, DScale dscale, DShift dshift) {
    detail::group_norm_back<Activation>(ctx, "ops::group_norm_grad_add", x, scale, shift, rows, statistics, dy, dx,
                                        dscale, dshift, true);
}

} // namespace ops
} // namespace walt
