// 3D convolution of any geometry and its gradients (docs/model.md 3, C3).
//   x [B, F, H, W, I] (T)   w [O, Kt, Kh, Kw, I] (T)   b [O] (A)   past [B, P, H, W, I] (T)   y [B, F', H', W', O] (T
//   or A)
//   y[b, f, i, j, o] = b[o] + sum over (t, r, s, c) of
//                      w[o, t, r, s, c] x[b, f st + t - before_t, i sh + r - before_h, j sw + s - before_w, c]
// with F' = (F + before_t + after_t - Kt) / st + 1, rounded down, and so on. What lies outside of x is what the
// geometry says: zeros, or the element at the edge. `past` is what lies before the first frame, where a video comes in
// chunks: its P frames take the place of the padding before. none{}, or one of no videos: x begins its own. The
// gradients are those of [past, x].
#pragma once

#include "conv_geometry.hpp"
#include "linear.hpp"
#include "pointwise.hpp"
#include "rules.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace walt {

/// Bytes that an engine of cuDNN may take for one convolution, unless a CUDA context is told otherwise.
inline constexpr std::size_t convolution_workspace = std::size_t{1} << 30;

/// The sums that a host adds up to a gradient of so many weights over so many positions: so few that the work stays
/// with the products, and their memory at 64 MiB or four gradients.
constexpr std::int64_t convolution_sums(std::int64_t positions, std::int64_t weights) {
    const std::int64_t in_memory = (std::int64_t{1} << 24) / std::max<std::int64_t>(1, weights);
    return std::clamp<std::int64_t>(positions / 1024, 1, std::clamp<std::int64_t>(in_memory, 4, 32));
}

namespace rules {
/// x, w and y of a convolution.
template <class X, class W, class Y>
inline constexpr bool convolution_shapes = same_width<X, 4, W, 4>&& same_width<W, 0, Y, 4>;

inline void convolution_geometry(const conv_geometry& g, const char* op) {
    require(g.is_valid(),
            "{}: kernels and strides are positive and paddings not negative, but the geometry has, as (kernel, stride, "
            "before, after), ({}, {}, {}, {}) in time, ({}, {}, {}, {}) in height, ({}, {}, {}, {}) in width",
            op, g.time.kernel, g.time.stride, g.time.before, g.time.after, g.height.kernel, g.height.stride,
            g.height.before, g.height.after, g.width.kernel, g.width.stride, g.width.before, g.width.after);
}
inline void convolution_sizes(const video_size& from, const conv_geometry& g, const std::array<std::int64_t, 3>& kernel,
                              const video_size& to, const char* op) {
    convolution_geometry(g, op);
    require(!g.reflects(), "{}: a convolution's padding is zeros ({}) or replicates ({}); it does not reflect", op,
            static_cast<int>(padding::zeros), static_cast<int>(padding::replicate));
    require(kernel[0] == g.time.kernel && kernel[1] == g.height.kernel && kernel[2] == g.width.kernel,
            "{}: the geometry is for a kernel of {} x {} x {} (time, height, width), but the weight has {} x {} x "
            "{}",
            op, g.time.kernel, g.height.kernel, g.width.kernel, kernel[0], kernel[1], kernel[2]);
    kernel_has_places(g, from, op);
    const video_size right = g.after(from);
    require(to == right,
            "{}: an input of {} x {} x {} x {} (batch, frames, height, width) with a kernel of {} x {} x {}, stride {} "
            "x {} x {} and padding {} + {}, {} + {}, {} + {} gives {} x {} x {} x {}, but the output is {} x {} x {} x "
            "{}",
            op, from.batch, from.frames, from.height, from.width, g.time.kernel, g.height.kernel, g.width.kernel,
            g.time.stride, g.height.stride, g.width.stride, g.time.before, g.time.after, g.height.before,
            g.height.after, g.width.before, g.width.after, right.batch, right.frames, right.height, right.width,
            to.batch, to.frames, to.height, to.width);
}
template <class X, class W, class Y>
void convolution_sizes(const X& x, const conv_geometry& g, const W& w, const Y& y, const char* op) {
    convolution_sizes(size_of(x), g, {w.extent(1), w.extent(2), w.extent(3)}, size_of(y), op);
}
/// Whether something lies before x: frames, or none of them where the kernel needs none.
template <class Past> bool goes_on(const Past& past) {
    if constexpr (is_none<Past>) return false;
    else return past.extent(0) > 0;
}
/// The geometry with the past in place of the padding before.
template <class X, class Past>
conv_geometry past_in(const conv_geometry& g, const X& x, const Past& past, const char* op) {
    if constexpr (is_none<Past>) return g;
    else {
        if (!goes_on(past)) return g;
        require(past.extent(0) == x.extent(0) && past.extent(2) == x.extent(2) && past.extent(3) == x.extent(3),
                "{}: the past of {} videos of {} x {} cannot stand before {} videos of {} x {}", op, past.extent(0),
                past.extent(2), past.extent(3), x.extent(0), x.extent(2), x.extent(3));
        return g.with_past(past.extent(1));
    }
}
} // namespace rules

namespace ops {

namespace detail {
/// Room for the past and x as one video.
template <class Context, class Past, class T, int C>
video_view<std::remove_const_t<T>, C> room_for_both(Context& ctx, const Past& past, const video_view<T, C>& x) {
    return video_size{x.extent(0), past.extent(1) + x.extent(1), x.extent(2), x.extent(3)}
        .template take<std::remove_const_t<T>, C>(ctx.arena);
}
/// Calls use(a frame of the past or of x, the frame of `joined` that is its).
void each_frame_of_both(const auto& past, const auto& x, const auto& joined, auto&& use) {
    for (std::int64_t b = 0; b < joined.extent(0); ++b)
        for (std::int64_t f = 0; f < joined.extent(1); ++f)
            if (f < past.extent(1)) use(frame_of(past, b, f), frame_of(joined, b, f));
            else use(frame_of(x, b, f - past.extent(1)), frame_of(joined, b, f));
}
} // namespace detail

template <class... T> void conv3d_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no convolution (conv3d_on) for operands of these types");
}
/// y = conv(x, w) + b; pass none{} for no bias. past: [B, P, H, W, I], or none{}.
template <context Context, class X, class W, class Bias, class Y, class Past = none>
void conv3d(Context& ctx, const conv_geometry& geometry, X x, W w, Bias bias, Y y, Past past = {}) {
    if constexpr (rules::convolution_shapes<X, W, Y> && rules::same_width<Bias, 0, W, 0> &&
                  rules::same_width<Past, 4, X, 4>) {
        const conv_geometry g = rules::past_in(geometry, x, past, "ops::conv3d");
        rules::convolution_sizes(x, g, w, y, "ops::conv3d");
        conv3d_on(ctx, g, x.read(), w.read(), bias.read(), y, past.read(), false);
    }
}

/// y += conv(x, w): the end of a residual branch.
template <context Context, class X, class W, class Y, class Past = none>
void conv3d_add(Context& ctx, const conv_geometry& geometry, X x, W w, Y y, Past past = {}) {
    if constexpr (rules::convolution_shapes<X, W, Y> && rules::same_width<Past, 4, X, 4>) {
        const conv_geometry g = rules::past_in(geometry, x, past, "ops::conv3d_add");
        rules::convolution_sizes(x, g, w, y, "ops::conv3d_add");
        conv3d_on(ctx, g, x.read(), w.read(), none{}, y, past.read(), true);
    }
}

template <class... T> void conv3d_grad_input_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no input gradient of a convolution (conv3d_grad_input_on) "
                                           "for operands of these types");
}
/// dx = the gradient of <conv(x, w), dy> with respect to x, and dpast with respect to the past, in the type of dx.
template <context Context, class DY, class W, class DX, class DPast = none>
void conv3d_grad_input(Context& ctx, const conv_geometry& g, DY dy, W w, DX dx, DPast dpast = {}) {
    if constexpr (rules::convolution_shapes<DX, W, DY> && rules::same_width<DPast, 4, DX, 4>) {
        rules::convolution_sizes(dx, rules::past_in(g, dx, dpast, "ops::conv3d_grad_input"), w, dy,
                                 "ops::conv3d_grad_input");
        if (!rules::goes_on(dpast)) return conv3d_grad_input_on(ctx, g, dy.read(), w.read(), dx);
        if constexpr (!is_none<DPast>) {
            const arena::scope scope(ctx.arena);
            const auto joined = detail::room_for_both(ctx, dpast, dx);
            conv3d_grad_input_on(ctx, g.with_past(0), dy.read(), w.read(), joined);
            detail::each_frame_of_both(dpast, dx, joined,
                                       [&](const auto& part, const auto& whole) { convert(ctx, whole, part); });
        }
    }
}

template <class... T> void conv3d_grad_weight_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no weight gradient of a convolution "
                                           "(conv3d_grad_weight_on) for operands of these types");
}
/// dw += the gradient with respect to w, db += the sum of dy over all positions; pass none{} for no bias. Either may be
/// unwanted (rules::wanted); none{} for dw asks for neither.
template <context Context, class X, class DY, class DW, class DBias, class Past = none>
void conv3d_grad_weight(Context& ctx, const conv_geometry& g, X x, DY dy, DW dw, DBias dbias, Past past = {}) {
    if constexpr (is_none<DW>) {
        static_assert(is_none<DBias>, "a convolution's gradient of the bias alone: pass an empty view for dw");
    } else if constexpr (rules::convolution_shapes<X, DW, DY> && rules::same_width<DBias, 0, DW, 0> &&
                         rules::same_width<Past, 4, X, 4>) {
        if (!rules::wanted(ctx, dw, dbias)) return;
        rules::convolution_sizes(x, rules::past_in(g, x, past, "ops::conv3d_grad_weight"), dw, dy,
                                 "ops::conv3d_grad_weight");
        if constexpr (!is_none<DBias>)
            if (!rules::wanted(ctx, dw)) // no product
                return linear_grad_bias_on(
                    ctx, dy.read().template as<dynamic, DY::static_extent(4)>(size_of(dy).positions()), dbias);
        const arena::scope scope(ctx.arena);
        const auto dw_ = rules::or_scratch(ctx, dw, dw);
        const auto dbias_ = rules::or_scratch(ctx, dbias, dbias);
        if (!rules::goes_on(past)) return conv3d_grad_weight_on(ctx, g, x.read(), dy.read(), dw_, dbias_);
        if constexpr (!is_none<Past>) {
            const auto joined = detail::room_for_both(ctx, past, x);
            detail::each_frame_of_both(past, x, joined,
                                       [&](const auto& part, const auto& whole) { convert(ctx, part, whole); });
            conv3d_grad_weight_on(ctx, g.with_past(0), joined.read(), dy.read(), dw_, dbias_);
        }
    }
}

} // namespace ops
} // namespace walt
