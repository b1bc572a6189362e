// Meta: what convolutions cost. Taps that fall on the padding count too, as in the field's usual figures.
#pragma once

#include "../conv3d.hpp"
#include "context.hpp"

namespace walt::meta {

namespace detail {
template <class W, class Y> double convolution_flops(const W& w, const Y& y) {
    return 2.0 * static_cast<double>(w.size()) * static_cast<double>(size_of(y).positions());
}
} // namespace detail

template <class X, class W, class Bias, class Y, class Past>
void conv3d_on(context& ctx, const conv_geometry&, X x, W w, Bias bias, Y y, Past past, bool add) {
    ctx.count(detail::convolution_flops(w, y), x, w, bias, y, past);
    if (add) ctx.bytes += static_cast<double>(y.size()) * sizeof(typename Y::element);
}
template <class DY, class W, class DX>
void conv3d_grad_input_on(context& ctx, const conv_geometry&, DY dy, W w, DX dx) {
    ctx.count(detail::convolution_flops(w, dy), dy, w, dx);
}
template <class X, class DY, class DW, class DBias>
void conv3d_grad_weight_on(context& ctx, const conv_geometry&, X x, DY dy, DW dw, DBias dbias) {
    ctx.count(detail::convolution_flops(dw, dy), x, dy, dw, dw, dbias);
}

} // namespace walt::meta
