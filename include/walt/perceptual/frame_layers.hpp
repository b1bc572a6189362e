// What feature networks are built of: layers that work on each frame alone, frozen (docs/model.md 13).
//
// A layer has `in` and `out` channels, after(size), forward(ctx, w, x, y), and backward(ctx, w, x, y, dy, dx), which
// assigns dx and uses dy up. There is no gradient of parameters.
#pragma once

#include "../core/weights.hpp"
#include "../nn/group_norm_silu.hpp"
#include "../ops/blur.hpp"
#include "../ops/conv3d.hpp"
#include "../ops/max_pool.hpp"
#include "../ops/pointwise.hpp"

namespace walt::nn {

/// y = conv(x) + b with a K x K kernel every Stride pixels and Pad zeros on every side, and ReLU unless it comes later.
template <int In, int Out, int K = 3, int Pad = K / 2, bool Relu = true, int Stride = 1> struct frame_conv {
    static constexpr int in = In, out = Out;
    static constexpr conv_geometry geometry = conv_geometry::each_frame(K, Stride, Pad);
    frame_kernel<init::xavier, Out, In, K, K> weight;
    parameter<role::bias, init::zero, Out> bias;

    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }
    static constexpr video_size after(const video_size& x) { return geometry.after(x); }
    void forward(auto& ctx, const auto& w, auto x, auto y) const {
        ops::conv3d(ctx, geometry, x, w(weight), w.exact(bias), y);
        if constexpr (Relu) ops::activate<activation::relu>(ctx, y, y);
    }
    void backward(auto& ctx, const auto& w, auto, auto y, auto dy, auto dx) const {
        if constexpr (Relu) ops::activate_grad<activation::relu>(ctx, y, dy, dy);
        ops::conv3d_grad_input(ctx, geometry, dy, w(weight), dx);
    }
};

/// The same of pixels, in the masters' type: neighbouring grey levels differ by less than bf16 can tell. x and dx are
/// of type A.
template <int In, int Out, int K = 3, int Pad = K / 2, bool Relu = true> struct pixel_conv {
    static constexpr int in = In, out = Out;
    static constexpr conv_geometry geometry = conv_geometry::each_frame(K, 1, Pad);
    using effect = std::conditional_t<Relu, activation::relu, activation::identity>;
    exact_kernel<init::xavier, Out, In, K, K> weight;
    parameter<role::bias, init::zero, Out> bias;

    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }
    static constexpr video_size after(const video_size& x) { return geometry.after(x); }
    template <class A> void forward(auto& ctx, const auto& w, video_view<A, In> x, auto y) const {
        const arena::scope scope(ctx.arena);
        const auto exact = size_of(y).template take<std::remove_const_t<A>, Out>(ctx.arena);
        ops::conv3d(ctx, geometry, x, w.exact(weight), w.exact(bias), exact);
        ops::activate<effect>(ctx, exact, y);
    }
    template <class A> void backward(auto& ctx, const auto& w, auto, auto y, auto dy, video_view<A, In> dx) const {
        const arena::scope scope(ctx.arena);
        const auto exact = size_of(y).template take<A, Out>(ctx.arena);
        ops::activate_grad<effect>(ctx, y, dy, exact);
        ops::conv3d_grad_input(ctx, geometry, exact, w.exact(weight), dx);
    }
};

/// The ReLU of what is not a convolution's result.
template <int C> struct frame_relu : nothing {
    static constexpr int in = C, out = C;
    static constexpr video_size after(const video_size& x) { return x; }
    void forward(auto& ctx, const auto&, auto x, auto y) const { ops::activate<activation::relu>(ctx, x, y); }
    void backward(auto& ctx, const auto&, auto, auto y, auto dy, auto dx) const {
        ops::activate_grad<activation::relu>(ctx, y, dy, dx);
    }
};

/// Group norm of each frame and SiLU.
template <int C, int Groups> struct frame_norm_silu : group_norm_silu<C, Groups> {
    using norm = group_norm_silu<C, Groups>;
    static constexpr int in = C, out = C;
    static constexpr video_size after(const video_size& x) { return x; }
    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto y) const {
        const arena::scope scope(ctx.arena);
        norm::forward(ctx, w, x, y, typename norm::template saved<T>(ctx.arena, size_of(x)));
    }
    /// Runs forward again for the statistics, since y stays what it is.
    template <class T> void backward(auto& ctx, const weights<T>& w, auto x, auto y, auto dy, auto dx) const {
        const arena::scope scope(ctx.arena);
        const typename norm::template saved<T> statistics(ctx.arena, size_of(x));
        norm::forward(ctx, w, x, y, statistics);
        norm::backward(ctx, w, x, statistics, dy, dx, no_gradients{});
    }
};

/// The largest of K x K neighbours, every Stride pixels, where they all lie inside.
template <int C, int K, int Stride> struct frame_max_pool : nothing {
    static constexpr int in = C, out = C;
    static constexpr conv_geometry geometry = conv_geometry::each_frame(K, Stride, 0);
    static constexpr video_size after(const video_size& x) { return geometry.after(x); }
    void forward(auto& ctx, const auto&, auto x, auto y) const { ops::max_pool(ctx, geometry, x, y); }
    void backward(auto& ctx, const auto&, auto x, auto y, auto dy, auto dx) const {
        ops::max_pool_grad(ctx, geometry, x, y, dy, dx);
    }
};

/// [1, 2, 1] x [1, 2, 1] / 16 with stride 2 over a frame with two reflected pixels on every side: n -> (n + 1) / 2 + 1.
template <int C> struct frame_blur : nothing {
    static constexpr int in = C, out = C;
    static constexpr conv_geometry geometry = conv_geometry::each_frame(3, 2, 2, padding::reflect);
    static constexpr video_size after(const video_size& x) { return geometry.after(x); }
    void forward(auto& ctx, const auto&, auto x, auto y) const { ops::blur(ctx, geometry, x, y); }
    void backward(auto& ctx, const auto&, auto, auto, auto dy, auto dx) const { ops::blur_grad(ctx, geometry, dy, dx); }
};

} // namespace walt::nn
