// Meta: what linear maps cost.
#pragma once

#include "../linear.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class W, class Bias, class Y> void linear_on(context& ctx, X x, W w, Bias bias, Y y) {
    ctx.count(2.0 * static_cast<double>(x.size()) * static_cast<double>(w.extent(0)), x, w, bias, y);
}
template <class DY, class W, class DX> void linear_grad_input_on(context& ctx, DY dy, W w, DX dx) {
    ctx.count(2.0 * static_cast<double>(dy.size()) * static_cast<double>(w.extent(1)), dy, w, dx);
}
template <class DY, class DBias> void linear_grad_bias_on(context& ctx, DY dy, DBias dbias) {
    ctx.count(static_cast<double>(dy.size()), dy, dbias);
}
template <class X, class DY, class DW, class DBias>
void linear_grad_weight_on(context& ctx, X x, DY dy, DW dw, DBias dbias) {
    ctx.count(2.0 * static_cast<double>(x.size()) * static_cast<double>(dw.extent(0)), x, dy, dw, dbias);
}

} // namespace walt::meta
