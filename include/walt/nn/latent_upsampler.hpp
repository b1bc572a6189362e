// Super-resolution's way in: a depth-to-space convolution that doubles a latent, frame by frame (paper sec. 4.5,
// docs/model.md 1.3).
#pragma once

#include "../core/weights.hpp"
#include "../ops/conv3d.hpp"
#include "../ops/depth_to_space.hpp"
#include "../ops/pointwise.hpp"

namespace walt::nn {

/// up = depth_to_space2(conv2d(low)): low [B, F, h, w, C] (T), up [B, F, 2 h, 2 w, C] (T).
template <int C> struct latent_upsampler {
    struct convolution {
        frame_kernel<init::xavier, 4 * C, C, 3, 3> weight;
        parameter<role::bias, init::zero, 4 * C> bias;
        static constexpr void each(auto& self, auto&& visit) {
            visit("weight", self.weight);
            visit("bias", self.bias);
        }
    };
    convolution conv;
    static constexpr conv_geometry frame_by_frame = conv_geometry::causal({1, 3, 3});
    static constexpr void each(auto& self, auto&& visit) { visit("conv", self.conv); }

    template <class T> void forward(auto& ctx, const weights<T>& w, auto low, auto up) const {
        const arena::scope scope(ctx.arena);
        const auto from = run_time(low.read());
        const auto deep = size_of(from).template take<T, 4 * C>(ctx.arena);
        ops::conv3d(ctx, frame_by_frame, from, w(conv.weight), w.exact(conv.bias), deep);
        ops::depth_to_space<1>(ctx, deep, run_time(up));
    }

    /// dlow (A) is assigned, unless it is none{} or empty.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto low, auto dup, auto dlow, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto from = run_time(low.read());
        const auto ddeep = size_of(from).template take<T, 4 * C>(ctx.arena);
        ops::depth_to_space_grad<1>(ctx, run_time(dup), ddeep);
        ops::conv3d_grad_weight(ctx, frame_by_frame, from, ddeep, g(conv.weight), g(conv.bias));
        if constexpr (!is_none<decltype(dlow)>)
            if (dlow) {
                const auto part = size_of(from).template take<T, C>(ctx.arena);
                ops::conv3d_grad_input(ctx, frame_by_frame, ddeep, w(conv.weight), part);
                ops::convert(ctx, part, dlow);
            }
    }

  private:
    /// The same view with only its channels known at compile time, as convolutions take it.
    template <class View> static auto run_time(const View& x) {
        return x.template as<dynamic, dynamic, dynamic, dynamic, C>(x.extent(0), x.extent(1), x.extent(2), x.extent(3));
    }
};

} // namespace walt::nn
