// Meta: what the pixel loss costs.
#pragma once

#include "../reconstruction.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class Y, class Loss, class DX>
void reconstruction_error_on(context& ctx, X x, Y y, double, Loss, DX dx) {
    ctx.count(0, x, y, dx);
}

} // namespace walt::meta
