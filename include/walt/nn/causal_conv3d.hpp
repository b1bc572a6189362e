// A causal 3D convolution with its parameters (spec 3, C3).
#pragma once

#include "../core/parameters.hpp"
#include "../ops/causal_conv3d.hpp"

namespace walt::nn {

/// y = conv(x) (+ bias): K x K x K, stride `Time` in time and `Space` in height and width.
template <int In, int Out, int K, bool HasBias, int Time = 1, int Space = 1> struct causal_conv3d {
    static constexpr conv_stride stride{Time, Space};

    kernel<init::xavier, Out, In, K, K, K> weight;
    std::conditional_t<HasBias, parameter<init::zero, Out>, nothing> bias;

    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }

    void forward(auto& ctx, const auto& w, auto x, auto y) const {
        if constexpr (HasBias) ops::causal_conv3d(ctx, stride, x, w(weight), w.exact(bias), y);
        else ops::causal_conv3d(ctx, stride, x, w(weight), none{}, y);
    }
    /// y += conv(x).
    void forward_add(auto& ctx, const auto& w, auto x, auto y) const {
        static_assert(!HasBias, "a convolution that ends a residual branch has no bias (spec 3, Res)");
        ops::causal_conv3d_add(ctx, stride, x, w(weight), y);
    }
    /// Adds to the gradients of weight and bias.
    void backward_parameters(auto& ctx, auto x, auto dy, const auto& g) const {
        if constexpr (HasBias) ops::causal_conv3d_grad_weight(ctx, stride, x, dy, g(weight), g(bias));
        else ops::causal_conv3d_grad_weight(ctx, stride, x, dy, g(weight), none{});
    }
    void backward_input(auto& ctx, const auto& w, auto dy, auto dx) const {
        ops::causal_conv3d_grad_input(ctx, stride, dy, w(weight), dx);
    }
};

} // namespace walt::nn
