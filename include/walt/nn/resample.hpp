// Between two levels of the tokenizer: a strided convolution down, convolution and depth to space up (docs/model.md 3).
#pragma once

#include "../ops/depth_to_space.hpp"
#include "../ops/pointwise.hpp"
#include "conv3d.hpp"

namespace walt::nn {

/// Half the height and width, and every Time-th frame. x is float32 (A), the convolution works in T.
template <int C, int Time> struct downsample : causal_conv3d<C, C, 3, true, Time, 2> {
    using convolution = causal_conv3d<C, C, 3, true, Time, 2>;

    /// `input` [size of x] (T) is what the convolution sees: backward wants it.
    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, video_view<T, C> input, auto y) const {
        ops::convert(ctx, x, input);
        convolution::forward(ctx, w, input, y);
    }
    template <class T>
    void backward(auto& ctx, const weights<T>& w, video_view<T, C> input, auto dy, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dy_compute = size_of(dy).template take<T, C>(ctx.arena);
        ops::convert(ctx, dy, dy_compute);
        convolution::backward_parameters(ctx, input, dy_compute, g);
        convolution::backward_input(ctx, w, dy_compute, dx);
    }
};

/// Twice the height and width, and n frames become Time (n - 1) + 1.
template <int C, int Time> struct upsample : causal_conv3d<C, C * Time * 4, 3, true> {
    using convolution = causal_conv3d<C, C * Time * 4, 3, true>;
    static constexpr int deep = C * Time * 4;

    /// The size of the result.
    static constexpr video_size after(const video_size& size) {
        return {size.batch, (size.frames - 1) * Time + 1, 2 * size.height, 2 * size.width};
    }
    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, video_view<T, C> input, auto y) const {
        const arena::scope scope(ctx.arena);
        const auto depth = size_of(x).template take<T, deep>(ctx.arena);
        ops::convert(ctx, x, input);
        convolution::forward(ctx, w, input, depth);
        ops::depth_to_space<Time>(ctx, depth, y);
    }
    template <class T>
    void backward(auto& ctx, const weights<T>& w, video_view<T, C> input, auto dy, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto ddepth = size_of(dx).template take<T, deep>(ctx.arena);
        ops::depth_to_space_grad<Time>(ctx, dy, ddepth);
        convolution::backward_parameters(ctx, input, ddepth, g);
        convolution::backward_input(ctx, w, ddepth, dx);
    }
};

} // namespace walt::nn
