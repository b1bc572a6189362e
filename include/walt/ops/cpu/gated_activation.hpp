// CPU: the gate of a gated MLP, on all cores.
#pragma once

#include "../reference/gated_activation.hpp"
#include "pointwise.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class Activation, class Gate, class X, class Y>
void gated_activation_on(context&, Activation, Gate gate, X x, Y y) {
    const auto* open = gate.data();
    const auto* from = x.data();
    auto* to = y.data();
    parallel_pieces(x.size(), map_piece, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i)
            to[i] = static_cast<typename Y::element>(vector_math<Activation>::value(static_cast<float>(open[i])) *
                                                     static_cast<float>(from[i]));
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
