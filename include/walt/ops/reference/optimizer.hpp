// Reference: AdamW and the average, element by element.
#pragma once

#include "../optimizer.hpp"
#include "context.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

/// One element's update; the compute copy is the caller's.
template <class A>
WALT_HD inline void adamw_element(const adamw_update& u, A gradient_scale, bool decayed, A& w, A& g, A& m, A& v) {
    const A gradient = g * gradient_scale;
    m = static_cast<A>(u.beta_1) * m + static_cast<A>(1 - u.beta_1) * gradient;
    v = static_cast<A>(u.beta_2) * v + static_cast<A>(1 - u.beta_2) * gradient * gradient;
    const A step = m / static_cast<A>(u.correction_1) /
                   (std::sqrt(v / static_cast<A>(u.correction_2)) + static_cast<A>(u.epsilon));
    w -= static_cast<A>(u.rate) * (step + (decayed ? static_cast<A>(u.weight_decay) * w : A(0)));
    g = 0;
}

/// One element of the average.
template <class A> WALT_HD inline A averaged(double keep, A average, A w) {
    return static_cast<A>(keep) * average + static_cast<A>(1 - keep) * w;
}

template <class X> void sum_of_squares_on(context&, X x, view<double, 1> sum) {
    sum(0) = 0;
    for (std::int64_t i = 0; i < x.size(); ++i)
        sum(0) += static_cast<double>(x.data()[i]) * static_cast<double>(x.data()[i]);
}

template <class A>
void gradient_scale_on(context&, const gradient_mean& of, view<const double, 1> squares, view<const A, dynamic> losses,
                       view<A, 1> scale) {
    const bool finite = std::isfinite(squares(0)) && std::all_of(losses.data(), losses.data() + losses.size(),
                                                                 [](A loss) { return std::isfinite(loss); });
    scale(0) = finite ? static_cast<A>(of.scale(squares(0))) : std::numeric_limits<A>::quiet_NaN();
}

template <class A, class T, class Blocks>
void adamw_on(context&, const adamw_update& with, Blocks blocks, view<const A, 1> scale, view<A, dynamic> masters,
              view<A, dynamic> g, view<A, dynamic> m, view<A, dynamic> v, view<T, dynamic> copy) {
    if (std::isnan(scale(0))) return;
    constexpr std::int64_t block = block_elements;
    for (std::int64_t i = 0; i < g.size(); ++i) {
        const trained_block of = blocks(i / block);
        if (of.place < 0) continue;
        const std::int64_t at = of.place * block + i % block;
        adamw_element(with, scale(0), of.decayed != 0, masters(at), g(i), m(i), v(i));
        if constexpr (!std::is_same_v<A, T>) copy(at) = static_cast<T>(masters(at));
    }
}

template <class A, class Blocks>
void average_on(context&, double keep, Blocks blocks, view<const A, dynamic> masters, view<A, dynamic> average) {
    constexpr std::int64_t block = block_elements;
    for (std::int64_t b = 0; b < blocks.size(); ++b)
        if (const std::int64_t place = blocks(b).place; place >= 0)
            for (std::int64_t i = place * block; i < (place + 1) * block; ++i)
                average(i) = averaged(keep, average(i), masters(i));
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
