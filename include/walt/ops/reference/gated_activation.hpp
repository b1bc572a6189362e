// Reference: the gate of a gated MLP.
#pragma once

#include "../gated_activation.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class Activation, class Gate, class X, class Y>
void gated_activation_on(context&, Activation, Gate gate, X x, Y y) {
    using A = accumulate_t<typename X::element>;
    for (std::int64_t i = 0; i < x.size(); ++i)
        y.data()[i] = static_cast<typename Y::element>(Activation::value(static_cast<A>(gate.data()[i])) *
                                                       static_cast<A>(x.data()[i]));
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
