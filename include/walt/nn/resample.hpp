// Between two levels of the tokenizer: a strided convolution down, convolution and depth to space up (docs/model.md 3).
#pragma once

#include "../ops/depth_to_space.hpp"
#include "compute_copy.hpp"
#include "conv3d.hpp"

namespace walt::nn {

/// A convolution with strides; half the height and width where they are two. x and y are float32 (A), it works in T.
template <int C, conv_geometry Geometry> struct downsample : conv3d<C, C, Geometry, true> {
    using convolution = conv3d<C, C, Geometry, true>;
    template <class T> using saved = compute_copy<T, C>; ///< made with the size of x

    /// The size of the result. begins: x begins its video.
    static constexpr video_size after(const video_size& size, bool begins = true) {
        return (begins || !convolution::sees_past ? Geometry : Geometry.with_past(convolution::past)).after(size);
    }

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto y, const saved<T>& keep) const {
        const arena::scope scope(ctx.arena);
        convolution::forward(ctx, w, keep.forward(ctx, x), y, keep.of);
    }
    /// dx is assigned.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dy_compute = size_of(dy).template take<T, C>(ctx.arena);
        ops::convert(ctx, dy, dy_compute);
        convolution::backward_parameters(ctx, w, keep.backward(ctx, x), dy_compute, g, keep.of);
        convolution::backward_input(ctx, w, dy_compute, dx, keep.of);
    }
};

/// Space times the height and width, and n frames become Time (n - 1) + 1, or Time n in a later chunk. The geometry
/// keeps the size.
template <int C, int Time, conv_geometry Geometry, int Space = 2>
struct upsample : conv3d<C, C * Time * Space * Space, Geometry, true> {
    static constexpr int deep = C * Time * Space * Space;
    using convolution = conv3d<C, deep, Geometry, true>;
    template <class T> using saved = compute_copy<T, C>; ///< made with the size of x

    /// The size of the result. begins: x begins its video.
    static constexpr video_size after(const video_size& size, bool begins = true) {
        return {size.batch, size.frames * Time - (begins ? Time - 1 : 0), Space * size.height, Space * size.width};
    }
    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto y, const saved<T>& keep) const {
        const arena::scope scope(ctx.arena);
        const auto depth = size_of(x).template take<T, deep>(ctx.arena);
        convolution::forward(ctx, w, keep.forward(ctx, x), depth, keep.of);
        ops::depth_to_space<Time, Space>(ctx, depth, y, keep.of.begins());
    }
    /// dx is assigned.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto ddepth = size_of(dx).template take<T, deep>(ctx.arena);
        ops::depth_to_space_grad<Time, Space>(ctx, dy, ddepth, keep.of.begins());
        convolution::backward_parameters(ctx, w, keep.backward(ctx, x), ddepth, g, keep.of);
        convolution::backward_input(ctx, w, ddepth, dx, keep.of);
    }
};

} // namespace walt::nn
