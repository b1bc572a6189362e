// What every optimizer needs of a device, in one pass over flat memory each: the gradient's norm, its scale, AdamW, the
// moving average. Nothing here waits for the host.
#pragma once

#include "../core/parameters.hpp"
#include "rules.hpp"

#include <cmath>
#include <cstdint>

namespace walt {

/// What a gradient is before an optimizer sees it.
struct gradient_mean {
    double clip;       ///< most that the norm of the mean may be
    int micro_batches; ///< that the gradient is the sum of

    /// What it is multiplied with, given its sum of squares: clipping, and the mean over micro-batches.
    WALT_HD double scale(double squares) const {
        const double norm = std::sqrt(squares) / micro_batches, share = clip / (norm > 1e-30 ? norm : 1e-30);
        return (share < 1 ? share : 1) / micro_batches;
    }
};

/// The numbers of one update. correction_i = 1 - beta_i^t.
struct adamw_update {
    double rate, beta_1, beta_2, epsilon, weight_decay;
    double correction_1, correction_2;
};

/// Which block of a model's masters (block_elements each; every parameter begins on one) block b of a run's gradient
/// and of its optimizer's buffers belongs to. A run that trains everything has them in the masters' order.
struct trained_block {
    std::int32_t place = -1; ///< -1: nothing that is trained
    std::int32_t decayed = 0;
};

namespace ops {

template <class... T> void sum_of_squares_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no sum of squares (sum_of_squares_on) of this type");
}
/// sum [1] = the squares of all elements, added in double and in a fixed order.
template <context Context, class X> void sum_of_squares(Context& ctx, X x, view<double, 1> sum) {
    sum_of_squares_on(ctx, x.read(), sum);
}

template <class... T> void gradient_scale_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no scale of gradients (gradient_scale_on) of this type");
}
/// scale [1] = what a gradient with this sum of squares is multiplied with; NaN if `squares` or one of the
/// micro-batches' `losses` [micro_batches] is not finite, and then the step changes nothing: every optimizer returns
/// where the scale is NaN.
template <context Context, class A>
void gradient_scale(Context& ctx, const gradient_mean& of, view<const double, 1> squares, view<const A, dynamic> losses,
                    view<A, 1> scale) {
    rules::equal(losses.size(), of.micro_batches, "ops::gradient_scale: the size of losses and the micro-batches");
    gradient_scale_on(ctx, of, squares, losses, scale);
}

template <class... T> void adamw_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no AdamW (adamw_on) for operands of these types");
}
/// With g times scale as g, over the trained blocks: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2,
/// w -= rate (m / c1 / (sqrt(v / c2) + eps) + decay w), copy = w. Decay only in blocks that say so. `masters` and
/// `copy` have the model's layout; `gradient`, `first` (m) and `second` (v) that of `blocks`. The gradient is zero
/// afterwards. Where the scale is NaN, nothing changes at all.
template <context Context, class A, class T, class Blocks>
void adamw(Context& ctx, const adamw_update& with, Blocks blocks, view<const A, 1> scale, view<A, dynamic> masters,
           view<A, dynamic> gradient, view<A, dynamic> first, view<A, dynamic> second, view<T, dynamic> copy) {
    rules::equal(gradient.size(), blocks.size() * std::int64_t{block_elements},
                 "ops::adamw: the size of the gradient and that of all blocks");
    rules::equal_sizes(first, gradient, "ops::adamw: the sizes of first and gradient");
    rules::equal_sizes(second, gradient, "ops::adamw: the sizes of second and gradient");
    rules::equal_sizes(copy, masters, "ops::adamw: the sizes of copy and masters");
    adamw_on(ctx, with, blocks.read(), scale, masters, gradient, first, second, copy);
}

template <class... T> void average_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no moving average (average_on) of this type");
}
/// average = keep average + (1 - keep) masters, in the trained blocks; the others stay.
template <context Context, class A, class Blocks>
void average(Context& ctx, double keep, Blocks blocks, view<const A, dynamic> masters, view<A, dynamic> average) {
    rules::equal_sizes(average, masters, "ops::average: the sizes of average and masters");
    average_on(ctx, keep, blocks.read(), masters, average);
}

} // namespace ops
} // namespace walt
