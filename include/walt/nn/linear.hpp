// A linear map with its parameters.
#pragma once

#include "../core/weights.hpp"
#include "../ops/linear.hpp"

namespace walt::nn {

/// y = x w^T + b; weight [Out, In], bias [Out].
template <int In, int Out, init Start = init::xavier, class Weight = parameter<role::matrix, Start, Out, In>>
struct linear {
    Weight weight;
    parameter<role::bias, init::zero, Out> bias;

    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }
    void forward(auto& ctx, const auto& w, auto x, auto y) const { ops::linear(ctx, x, matrix(w), w.exact(bias), y); }
    /// dy = dx w^T: what a change of x changes y by.
    void tangent(auto& ctx, const auto& w, auto dx, auto dy) const { ops::linear(ctx, dx, matrix(w), none{}, dy); }
    /// Adds to the gradients of weight and bias.
    void backward_parameters(auto& ctx, auto x, auto dy, const auto& g) const {
        ops::linear_grad_weight(ctx, x, dy, g(weight), g(bias));
    }
    void backward_input(auto& ctx, const auto& w, auto dy, auto dx) const {
        ops::linear_grad_input(ctx, dy, matrix(w), dx);
    }

  private:
    auto matrix(const auto& w) const {
        if constexpr (Weight::exact) return w.exact(weight);
        else return w(weight);
    }
};

/// The same with everything in the masters' type, whatever the model computes in.
template <int In, int Out, init Start = init::xavier>
using exact_linear = linear<In, Out, Start, exact_parameter<role::matrix, Start, Out, In>>;

/// y = x w^T; weight [Out, In].
template <int In, int Out, init Start> struct projection {
    parameter<role::matrix, Start, Out, In> weight;

    static constexpr void each(auto& self, auto&& visit) { visit("weight", self.weight); }
    void forward(auto& ctx, const auto& w, auto x, auto y) const { ops::linear(ctx, x, w(weight), none{}, y); }
    void backward_parameters(auto& ctx, auto x, auto dy, const auto& g) const {
        ops::linear_grad_weight(ctx, x, dy, g(weight), none{});
    }
    void backward_input(auto& ctx, const auto& w, auto dy, auto dx) const {
        ops::linear_grad_input(ctx, dy, w(weight), dx);
    }
};

/// One parameter under the name `weight`.
template <class Parameter> struct named_weight {
    Parameter weight;
    static constexpr void each(auto& self, auto&& visit) { visit("weight", self.weight); }
};
/// The weights of a norm without shift [N].
template <int N> using norm_weight = named_weight<parameter<role::norm, init::one, N>>;
/// Rows looked up by a number [Rows, D].
template <int Rows, int D> using embedding = named_weight<parameter<role::embedding, init::normal, Rows, D>>;

/// The weight of an optional norm, or none{} where there is none.
template <class Weights, class Part> auto optional_weight(const Weights& w, const Part& part) {
    if constexpr (std::is_same_v<Part, nothing>) return none{};
    else return w.exact(part.weight);
}
template <class Gradients, class Part> auto optional_gradient(const Gradients& g, const Part& part) {
    if constexpr (std::is_same_v<Part, nothing>) return none{};
    else return g(part.weight);
}

} // namespace walt::nn
