// Meta: what an update costs.
#pragma once

#include "../optimizer.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X> void sum_of_squares_on(context& ctx, X x, view<double, 1>) { ctx.count(0, x); }
template <class A>
void gradient_scale_on(context& ctx, const gradient_mean&, view<const double, 1> squares, view<const A, dynamic> losses,
                       view<A, 1> scale) {
    ctx.count(0, squares, losses, scale);
}
template <class A, class T, class Blocks>
void adamw_on(context& ctx, const adamw_update&, Blocks blocks, view<const A, 1>, view<A, dynamic>, view<A, dynamic> g,
              view<A, dynamic> m, view<A, dynamic> v, view<T, dynamic> copy) {
    const view<T, dynamic> rounded(nullptr, std::is_same_v<A, T> ? 0 : g.size());
    static_cast<void>(copy);
    ctx.count(0, blocks, g, g, g, g, m, m, v, v, rounded); // the masters of what is trained are as many as g
}
template <class A, class Blocks>
void average_on(context& ctx, double, Blocks blocks, view<const A, dynamic>, view<A, dynamic>) {
    const view<A, dynamic> trained(nullptr, blocks.size() * std::int64_t{block_elements});
    ctx.count(0, blocks, trained, trained, trained);
}

} // namespace walt::meta
