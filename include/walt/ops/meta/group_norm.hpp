// Meta: what group norms cost.
#pragma once

#include "../group_norm.hpp"
#include "context.hpp"

namespace walt::meta {

template <class Activation, class X, class Scale, class Shift, class Y, class Statistics>
void group_norm_on(context& ctx, Activation, X x, Scale scale, Shift shift, const frame_rows&, Y y,
                   Statistics statistics) {
    ctx.count(0, x, scale, shift, y, statistics);
}
template <class Activation, class X, class Scale, class Shift, class Statistics, class DY, class DX, class DScale>
void group_norm_grad_on(context& ctx, Activation, X x, Scale scale, Shift shift, const frame_rows&,
                        Statistics statistics, DY dy, DX dx, DScale dscale, DScale dshift, bool add) {
    ctx.count(0, x, scale, shift, statistics, dy, dx, dscale, dshift);
    if (add) ctx.bytes += static_cast<double>(dx.size()) * sizeof(typename DX::element);
}

} // namespace walt::meta
