// The gate of a gated MLP (docs/model.md 22): one map, activated, times another. There is no backward pass.
#pragma once

#include "pointwise.hpp"

namespace walt::ops {

template <class... T> void gated_activation_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device does not have this gate (gated_activation_on) for operands of these types");
}
/// y = f(gate) x, f one of walt::activation; operands of one size. y may be x or gate.
template <class Activation, context Context, class Gate, class X, class Y>
void gated_activation(Context& ctx, Gate gate, X x, Y y) {
    rules::equal_sizes(gate, x, "ops::gated_activation: the sizes of gate and of x");
    rules::equal_sizes(gate, y, "ops::gated_activation: the sizes of gate and of y");
    gated_activation_on(ctx, Activation{}, gate.read(), x.read(), y);
}

} // namespace walt::ops
