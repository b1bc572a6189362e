// Meta: what an update costs.
#pragma once

#include "../optimizer.hpp"
#include "context.hpp"

namespace walt::meta {

template <class A, class T, class Kinds>
void adamw_on(context& ctx, const adamw_update&, Kinds, view<const double, 1>, view<const A, dynamic>,
              view<A, dynamic> w, view<A, dynamic> g, view<A, dynamic> m, view<A, dynamic> v, view<A, dynamic> average,
              view<T, dynamic> copy) {
    ctx.count(0, w, w, g, g, m, m, v, v, average, average, copy);
}
template <class X> void sum_of_squares_on(context& ctx, X x, view<double, 1>) { ctx.count(0, x); }

} // namespace walt::meta
