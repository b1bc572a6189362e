// Meta: what channels of one video among another's cost.
#pragma once

#include "../put_channels.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class Y> void put_channels_on(context& ctx, X x, Y, int) { ctx.count(0, x, x); }

} // namespace walt::meta
