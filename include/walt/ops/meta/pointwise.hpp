// Meta: what maps over elements cost.
#pragma once

#include "../pointwise.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class Y> void convert_on(context& ctx, X x, Y y) { ctx.count(0, x, y); }
template <class Activation, class X, class Y> void activate_on(context& ctx, Activation, X x, Y y) {
    ctx.count(0, x, y);
}
template <class Activation, class X, class DY, class DX>
void activate_grad_on(context& ctx, Activation, X x, DY dy, DX dx) {
    ctx.count(0, x, dy, dx);
}
template <class X, class Y> void accumulate_on(context& ctx, X x, Y y) { ctx.count(0, x, y, y); }
template <class X, class Y, class Z> void add_on(context& ctx, X x, Y y, Z z) { ctx.count(0, x, y, z); }
template <class X, class Y, class Z> void blend_on(context& ctx, double, X x, double, Y y, Z z) {
    ctx.count(0, x, y, z);
}
template <class Y> void fill_on(context& ctx, Y y, double) { ctx.count(0, y); }

} // namespace walt::meta
