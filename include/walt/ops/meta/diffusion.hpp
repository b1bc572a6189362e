// Meta: what noise, mixtures and the loss cost.
#pragma once

#include "../diffusion.hpp"
#include "context.hpp"

namespace walt::meta {

template <class CA, class X, class CB, class Y, class Out>
void frame_blend_on(context& ctx, CA, X x, CB, Y y, Out out) {
    ctx.count(0, x, y, out);
}
template <class Table, class Index, class Out> void lookup_on(context& ctx, Table, Index index, Out out) {
    ctx.count(0, index, out);
}
template <class X, class Y, class W, class Out>
void rescale_std_on(context& ctx, X conditional, Y guided, double, W, Out out) {
    ctx.count(0, conditional, guided, out);
}
template <class Out> void normal_on(context& ctx, philox, Out out) { ctx.count(0, out); }
template <class X, class Y, class W, class Loss, class DX>
void square_error_on(context& ctx, X x, Y y, W, Loss, DX dx) {
    ctx.count(0, x, y, dx);
}

} // namespace walt::meta
