// Meta: what the distance of two videos' features costs.
#pragma once

#include "../tap_distance.hpp"
#include "context.hpp"

namespace walt::meta {

template <class H, class Weight, class Distance, class DA>
void tap_distance_on(context& ctx, H a, H b, Weight weight, Distance, DA da) {
    ctx.count(0, a, b, weight, da);
}

} // namespace walt::meta
