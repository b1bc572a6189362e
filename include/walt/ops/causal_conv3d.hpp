// Causal 3D convolution and its gradients (spec 3, C3): a frame sees itself and the past.
//   x [B, F, H, W, I] (T)   w [O, Kt, Kh, Kw, I] (T)   b [O] (A)   y [B, (F-1)/s + 1, (H-1)/p + 1, (W-1)/p + 1, O] (T
//   or A)
// Zeros pad time by Kt - 1 before and nothing after, and space by K / 2 on either side:
//   y[b, f, i, j, o] = b[o] + sum over (t, y, x, c) of w[o, t, y, x, c] x[b, f s + t - (Kt-1), i p + y - Kh/2, j p + x
//   - Kw/2, c]
#pragma once

#include "rules.hpp"

namespace walt {

/// How far a convolution's output elements lie apart in its input.
struct conv_stride {
    int time = 1, space = 1;
};

/// A batch of videos with static channels: [B, F, H, W, C].
template <class T, int C> using video_view = view<T, dynamic, dynamic, dynamic, dynamic, C>;

/// The run-time part of a video's shape.
struct video_size {
    std::int64_t batch = 0, frames = 0, height = 0, width = 0;

    constexpr std::int64_t positions() const { return batch * frames * height * width; }
    /// Behind a convolution of this stride.
    constexpr video_size after(conv_stride stride) const {
        return {batch, (frames - 1) / stride.time + 1, (height - 1) / stride.space + 1, (width - 1) / stride.space + 1};
    }
    /// An uninitialised video of this size.
    template <class T, int C, class Arena> video_view<T, C> take(Arena& from) const {
        return from.template take<T, dynamic, dynamic, dynamic, dynamic, C>(batch, frames, height, width);
    }
    friend constexpr bool operator==(const video_size&, const video_size&) = default;
};

/// The size of a view [B, F, H, W, C].
template <class Video> constexpr video_size size_of(const Video& x) {
    return {x.extent(0), x.extent(1), x.extent(2), x.extent(3)};
}

namespace rules {
template <int Kt, int Kh, int Kw> struct kernel_sides_are_odd {
    static constexpr bool value = Kt > 0 && Kh % 2 == 1 && Kw % 2 == 1;
    static_assert(
        value, "a causal convolution's kernel must have odd height and width, so that its centre lies on an element");
};
/// x, w and y of a convolution.
template <class X, class W, class Y>
inline constexpr bool convolution_shapes = agree<X, 4, W, 4>&& agree<W, 0, Y, 4>&&
    kernel_sides_are_odd<W::static_extent(1), W::static_extent(2), W::static_extent(3)>::value;

inline void convolution_sizes(const video_size& x, conv_stride stride, const video_size& y, const char* what) {
    const video_size right = x.after(stride);
    require(y == right,
            "{}: an input of {} x {} x {} x {} (batch, frames, height, width) with stride {} in time and {} in space "
            "gives {} x {} x {} x {}, but the output is {} x {} x {} x {}",
            what, x.batch, x.frames, x.height, x.width, stride.time, stride.space, right.batch, right.frames,
            right.height, right.width, y.batch, y.frames, y.height, y.width);
}
} // namespace rules

namespace ops {

/// y = conv(x, w) + b; pass none{} for no bias.
template <class Context, class X, class W, class Bias, class Y>
void causal_conv3d(Context& ctx, conv_stride stride, X x, W w, Bias bias, Y y) {
    if constexpr (rules::convolution_shapes<X, W, Y>) {
        rules::convolution_sizes(size_of(x), stride, size_of(y), "ops::causal_conv3d");
        causal_conv3d_on(ctx, stride, x.read(), w.read(), bias.read(), y, false);
    }
}

/// y += conv(x, w): the end of a residual branch.
template <class Context, class X, class W, class Y>
void causal_conv3d_add(Context& ctx, conv_stride stride, X x, W w, Y y) {
    if constexpr (rules::convolution_shapes<X, W, Y>) {
        rules::convolution_sizes(size_of(x), stride, size_of(y), "ops::causal_conv3d_add");
        causal_conv3d_on(ctx, stride, x.read(), w.read(), none{}, y, true);
    }
}

/// dx = the gradient of <conv(x, w), dy> with respect to x.
template <class Context, class DY, class W, class DX>
void causal_conv3d_grad_input(Context& ctx, conv_stride stride, DY dy, W w, DX dx) {
    if constexpr (rules::convolution_shapes<DX, W, DY>) {
        rules::convolution_sizes(size_of(dx), stride, size_of(dy), "ops::causal_conv3d_grad_input");
        causal_conv3d_grad_input_on(ctx, stride, dy.read(), w.read(), dx);
    }
}

/// dw += the gradient with respect to w, db += the sum of dy over all positions; pass none{} for no bias.
template <class Context, class X, class DY, class DW, class DBias>
void causal_conv3d_grad_weight(Context& ctx, conv_stride stride, X x, DY dy, DW dw, DBias dbias) {
    if constexpr (rules::convolution_shapes<X, DW, DY>) {
        rules::convolution_sizes(size_of(x), stride, size_of(dy), "ops::causal_conv3d_grad_weight");
        causal_conv3d_grad_weight_on(ctx, stride, x.read(), dy.read(), dw, dbias);
    }
}

} // namespace ops
} // namespace walt
