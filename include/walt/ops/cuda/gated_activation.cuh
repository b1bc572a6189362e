// CUDA: the gate of a gated MLP.
#pragma once

#include "../gated_activation.hpp"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {
template <class Activation, class T> struct gate_element {
    __device__ T operator()(float gate, float x) const { return static_cast<T>(Activation::value(gate) * x); }
};
} // namespace detail

template <class Activation, class Gate, class X, class Y>
void gated_activation_on(context& ctx, Activation, Gate gate, X x, Y y) {
    map(ctx, "ops::gated_activation", y.size(), detail::gate_element<Activation, typename Y::element>{}, y.data(),
        gate.data(), x.data());
}

} // namespace walt::cuda
