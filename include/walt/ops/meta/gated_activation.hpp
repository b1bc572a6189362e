// Meta: what a gate costs.
#pragma once

#include "../gated_activation.hpp"
#include "context.hpp"

namespace walt::meta {

template <class Activation, class Gate, class X, class Y>
void gated_activation_on(context& ctx, Activation, Gate gate, X x, Y y) {
    ctx.count(0, gate, x, y);
}

} // namespace walt::meta
