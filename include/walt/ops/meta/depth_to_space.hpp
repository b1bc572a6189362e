// Meta: what depth to space costs.
#pragma once

#include "../depth_to_space.hpp"
#include "context.hpp"

namespace walt::meta {

template <int Time, int Space, class X, class Y> void depth_to_space_on(context& ctx, X x, Y y) { ctx.count(0, x, y); }
template <int Time, int Space, class DY, class DX> void depth_to_space_grad_on(context& ctx, DY dy, DX dx) {
    ctx.count(0, dy, dx);
}

} // namespace walt::meta
