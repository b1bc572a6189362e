// Meta: what resizing costs.
#pragma once

#include "../resize.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class Y> void resize_on(context& ctx, const resize_axis&, const resize_axis&, X x, Y y) {
    ctx.count(0, x, y);
}

} // namespace walt::meta
