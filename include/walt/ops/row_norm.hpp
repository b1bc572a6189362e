// Norms of rows with weights of their own, as text encoders have them (docs/model.md 22). There is no backward pass.
//   x [R, D] (A)   scale [D] (A)   shift [D] (A) or none   y [R, D], in the compute type or in x's
#pragma once

#include "rules.hpp"

namespace walt {

/// What a row is divided by: its standard deviation, once its mean is taken from it, or the root of its mean square.
enum class row_norm { layer, root_mean_square };

namespace ops {

template <walt::row_norm Norm, class... T> void row_norm_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no norm of rows (row_norm_on) for operands of these types");
}
/// y = (x - m) / sqrt(mean of (x - m)^2 + epsilon) scale + shift; m is the row's mean, or 0 for a root mean square.
/// y may be x.
template <walt::row_norm Norm, context Context, class X, class Scale, class Shift, class Y>
void row_norm(Context& ctx, X x, Scale scale, Shift shift, double epsilon, Y y) {
    if constexpr (rules::same_width<X, 1, Scale, 0> && rules::same_width<X, 1, Shift, 0> &&
                  rules::same_width<X, 1, Y, 1>) {
        rules::equal_rows(x, y, "ops::row_norm: the rows of x and of y");
        row_norm_on<Norm>(ctx, x.read(), scale.read(), shift.read(), epsilon, y);
    }
}

} // namespace ops
} // namespace walt
