// How far the features of two videos are apart at one tap of a network (docs/model.md 13).
//   a, b [B, F, H, W, C] (T)   weight [C] (A) or none, which is 1   distance [1] (A)   da as a (T) or none
//   u(h) = h / sqrt(sum over c of h^2 + 1e-10) at every position
//   distance = mean over positions of the sum over c of weight[c] (u(a)[c] - u(b)[c])^2
#pragma once

#include "rules.hpp"

namespace walt::ops {

inline constexpr double tap_epsilon = 1e-10; // docs/model.md 13

template <class... T> void tap_distance_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no distance of features (tap_distance_on) for operands of these types");
}
/// distance is assigned, and da = d distance / d a unless it is none{}. b is what a is compared with: no gradient.
template <context Context, class H, class Weight, class Distance, class DA>
void tap_distance(Context& ctx, H a, H b, Weight weight, Distance distance, DA da) {
    if constexpr (rules::known<H, 4> && rules::same_width<H, 4, Weight, 0> && rules::same_width<H, 4, DA, 4>) {
        rules::equal_videos(a, b, "ops::tap_distance", "a", "b");
        if constexpr (!is_none<DA>) rules::equal_videos(a, da, "ops::tap_distance", "a", "da");
        rules::equal(distance.size(), 1, "ops::tap_distance: the size of distance and 1");
        tap_distance_on(ctx, a.read(), b.read(), weight.read(), distance, da);
    }
}

} // namespace walt::ops
