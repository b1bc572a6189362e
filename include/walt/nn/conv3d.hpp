// A 3D convolution with its parameters (docs/model.md 3, C3).
#pragma once

#include "../core/weights.hpp"
#include "../ops/conv3d.hpp"

namespace walt::nn {

/// y = conv(x) (+ bias) over a geometry that is part of the type. `past`, where there is one: ops/conv3d.hpp.
template <int In, int Out, conv_geometry Geometry, bool HasBias> struct conv3d {
    static constexpr conv_geometry geometry = Geometry;

    kernel<init::xavier, Out, In, Geometry.time.kernel, Geometry.height.kernel, Geometry.width.kernel> weight;
    std::conditional_t<HasBias, parameter<role::bias, init::zero, Out>, nothing> bias;

    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }

    template <class Past = none> void forward(auto& ctx, const auto& w, auto x, auto y, Past past = {}) const {
        if constexpr (HasBias) ops::conv3d(ctx, geometry, x, w(weight), w.exact(bias), y, past);
        else ops::conv3d(ctx, geometry, x, w(weight), none{}, y, past);
    }
    /// y += conv(x).
    template <class Past = none> void forward_add(auto& ctx, const auto& w, auto x, auto y, Past past = {}) const {
        static_assert(!HasBias, "a convolution that ends a residual branch has no bias (docs/model.md 3, Res)");
        ops::conv3d_add(ctx, geometry, x, w(weight), y, past);
    }
    /// dy = conv(dx): what a change of x changes y by.
    void tangent(auto& ctx, const auto& w, auto dx, auto dy) const {
        ops::conv3d(ctx, geometry, dx, w(weight), none{}, dy);
    }
    /// Adds to the gradients of weight and bias.
    void backward_parameters(auto& ctx, auto x, auto dy, const auto& g) const {
        if constexpr (HasBias) ops::conv3d_grad_weight(ctx, geometry, x, dy, g(weight), g(bias));
        else ops::conv3d_grad_weight(ctx, geometry, x, dy, g(weight), none{});
    }
    void backward_input(auto& ctx, const auto& w, auto dy, auto dx) const {
        ops::conv3d_grad_input(ctx, geometry, dy, w(weight), dx);
    }
};

/// K x K x K, a frame sees itself and the past; stride `Time` in time and `Space` in height and width.
template <int In, int Out, int K, bool HasBias, int Time = 1, int Space = 1>
using causal_conv3d = conv3d<In, Out, conv_geometry::causal({K, K, K}, {Time, Space, Space}), HasBias>;

} // namespace walt::nn
