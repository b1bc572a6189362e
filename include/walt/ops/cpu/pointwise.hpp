// CPU: maps over elements, on all cores, in loops that compilers vectorise.
#pragma once

#include "../reference/pointwise.hpp"
#include "context.hpp"
#include "vector_math.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

inline constexpr std::int64_t map_piece = 16384; // elements: a few L1s, large enough to pay for a thread's start

template <class X, class Y> void convert_on(context&, X x, Y y) {
    const auto* from = x.data();
    auto* to = y.data();
    parallel_pieces(x.size(), map_piece, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i)
            to[i] = static_cast<typename Y::element>(static_cast<float>(from[i]));
    });
}

template <class Activation, class X, class Y> void activate_on(context&, Activation, X x, Y y) {
    const auto* from = x.data();
    auto* to = y.data();
    parallel_pieces(x.size(), map_piece, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i)
            to[i] = static_cast<typename Y::element>(vector_math<Activation>::value(static_cast<float>(from[i])));
    });
}

template <class Activation, class X, class DY, class DX>
void activate_grad_on(context&, Activation, X x, DY dy, DX dx) {
    const auto* at = x.data();
    const auto* grad = dy.data();
    auto* to = dx.data();
    parallel_pieces(x.size(), map_piece, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i)
            to[i] = static_cast<typename DX::element>(vector_math<Activation>::slope(static_cast<float>(at[i])) *
                                                      static_cast<float>(grad[i]));
    });
}

template <class X, class Y> void accumulate_on(context&, X x, Y y) {
    const auto* from = x.data();
    auto* to = y.data();
    parallel_pieces(x.size(), map_piece, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i)
            to[i] = static_cast<typename Y::element>(static_cast<float>(to[i]) + static_cast<float>(from[i]));
    });
}

template <class X, class Y, class Z> void add_on(context&, X x, Y y, Z z) {
    const auto* a = x.data();
    const auto* b = y.data();
    auto* to = z.data();
    parallel_pieces(x.size(), map_piece, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i)
            to[i] = static_cast<typename Z::element>(static_cast<float>(a[i]) + static_cast<float>(b[i]));
    });
}

template <class X, class Y, class Z> void blend_on(context&, double a, X x, double b, Y y, Z z) {
    const float left = static_cast<float>(a), right = static_cast<float>(b);
    const auto* from = x.data();
    auto* to = z.data();
    parallel_pieces(x.size(), map_piece, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i)
            if constexpr (is_none<Y>) to[i] = static_cast<typename Z::element>(left * static_cast<float>(from[i]));
            else
                to[i] = static_cast<typename Z::element>(left * static_cast<float>(from[i]) +
                                                         right * static_cast<float>(y.data()[i]));
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
