// Meta: what the largest element under a window costs.
#pragma once

#include "../max_pool.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class Y> void max_pool_on(context& ctx, const conv_geometry&, X x, Y y) { ctx.count(0, x, y); }
template <class X, class Y, class DY, class DX>
void max_pool_grad_on(context& ctx, const conv_geometry&, X x, Y y, DY dy, DX dx) {
    ctx.count(0, x, y, dy, dx);
}

} // namespace walt::meta
