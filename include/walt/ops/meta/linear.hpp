// Meta: what linear maps cost.
#pragma once

#include "../linear.hpp"
#include "../parts_of_sums.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class W, class Bias, class Y> void linear_on(context& ctx, X x, W w, Bias bias, Y y) {
    ctx.count(2.0 * static_cast<double>(x.size()) * static_cast<double>(w.extent(0)), x, w, bias, y);
    ctx.take_for_a_while(w.extent(0)); // the bias in y's type
}
template <class DY, class W, class DX> void linear_grad_input_on(context& ctx, DY dy, W w, DX dx) {
    ctx.count(2.0 * static_cast<double>(dy.size()) * static_cast<double>(w.extent(1)), dy, w, dx);
}
namespace detail {
/// Sums of columns in parts.
template <class DY> void take_parts_of_columns(context& ctx, DY dy) {
    ctx.take_for_a_while(parts_of_sums::of_columns(dy.extent(0)) * dy.extent(1));
}
} // namespace detail

template <class DY, class DBias> void linear_grad_bias_on(context& ctx, DY dy, DBias dbias) {
    detail::take_parts_of_columns(ctx, dy);
    ctx.count(static_cast<double>(dy.size()), dy, dbias);
}
template <class X, class DY, class DW, class DBias>
void linear_grad_weight_on(context& ctx, X x, DY dy, DW dw, DBias dbias) {
    ctx.count(2.0 * static_cast<double>(x.size()) * static_cast<double>(dw.extent(0)), x, dy, dw, dbias);
    if constexpr (!is_none<DBias>) detail::take_parts_of_columns(ctx, dy);
}

} // namespace walt::meta
