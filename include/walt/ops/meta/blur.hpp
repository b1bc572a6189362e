// Meta: what blur and halve costs.
#pragma once

#include "../blur.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class Y> void blur_on(context& ctx, const blur_axes&, X x, Y y) { ctx.count(0, x, y); }
template <class DY, class DX> void blur_grad_on(context& ctx, const blur_axes&, DY dy, DX dx) { ctx.count(0, dy, dx); }

} // namespace walt::meta
