// Reference: AdamW, element by element.
#pragma once

#include "../optimizer.hpp"
#include "context.hpp"

#include <algorithm>
#include <cmath>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

/// One element's update; the compute copy is the caller's.
template <class A>
WALT_HD inline void adamw_element(const adamw_update& u, A gradient_scale, bool decayed, A& w, A& g, A& m, A& v,
                                  A& average) {
    const A gradient = g * gradient_scale;
    m = static_cast<A>(u.beta_1) * m + static_cast<A>(1 - u.beta_1) * gradient;
    v = static_cast<A>(u.beta_2) * v + static_cast<A>(1 - u.beta_2) * gradient * gradient;
    const A step = m / static_cast<A>(u.correction_1) /
                   (std::sqrt(v / static_cast<A>(u.correction_2)) + static_cast<A>(u.epsilon));
    w -= static_cast<A>(u.rate) * (step + (decayed ? static_cast<A>(u.weight_decay) * w : A(0)));
    average = static_cast<A>(u.average_keep) * average + static_cast<A>(1 - u.average_keep) * w;
    g = 0;
}

/// Whether a step may change the weights.
template <class A> bool all_finite(view<const double, 1> squares, view<const A, dynamic> losses) {
    return std::isfinite(squares(0)) &&
           std::all_of(losses.data(), losses.data() + losses.size(), [](A loss) { return std::isfinite(loss); });
}

template <class A, class T, class Kinds>
void adamw_on(context&, const adamw_update& with, Kinds kinds, view<const double, 1> squares,
              view<const A, dynamic> losses, view<A, dynamic> w, view<A, dynamic> g, view<A, dynamic> m,
              view<A, dynamic> v, view<A, dynamic> average, view<T, dynamic> copy) {
    if (!all_finite(squares, losses)) return;
    const A scale = static_cast<A>(with.gradient_scale(squares(0)));
    for (std::int64_t i = 0; i < w.size(); ++i) {
        const std::uint8_t kind = kinds(i / 64);
        if (kind == block_fixed) g(i) = 0;
        else adamw_element(with, scale, kind == block_decayed, w(i), g(i), m(i), v(i), average(i));
        if constexpr (!std::is_same_v<A, T>) copy(i) = static_cast<T>(w(i));
    }
}

template <class X> void sum_of_squares_on(context&, X x, view<double, 1> sum) {
    sum(0) = 0;
    for (std::int64_t i = 0; i < x.size(); ++i)
        sum(0) += static_cast<double>(x.data()[i]) * static_cast<double>(x.data()[i]);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
