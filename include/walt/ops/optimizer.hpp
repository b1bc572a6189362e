// The optimizer's one pass over flat memory: AdamW, the exponential moving average and the compute copy, fused.
#pragma once

#include "rules.hpp"

#include <cmath>

namespace walt {

/// The numbers of one update. correction_i = 1 - beta_i^t.
struct adamw_update {
    double rate, beta_1, beta_2, epsilon, weight_decay;
    double correction_1, correction_2;
    double clip;         ///< most that the norm of the gradient may be
    int micro_batches;   ///< that the gradient is the sum of
    double average_keep; ///< the average keeps this share of itself

    /// What the gradient is multiplied with, given its sum of squares: clipping, and the mean over micro-batches.
    WALT_HD double gradient_scale(double squares) const {
        const double norm = std::sqrt(squares) / micro_batches, share = clip / (norm > 1e-30 ? norm : 1e-30);
        return (share < 1 ? share : 1) / micro_batches;
    }
};

/// What each block of 64 elements of a flat buffer is (every parameter begins on one).
enum block_kind : std::uint8_t { block_fixed = 0, block_trained = 1, block_decayed = 2 };

namespace ops {

/// Over n elements: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= rate (m / c1 / (sqrt(v / c2) + eps) + decay
/// w), average = keep average + (1 - keep) w, copy = w, g = 0. Decay only in blocks that are block_decayed; fixed
/// blocks stay. `squares` [1] is the gradient's sum of squares and `losses` [n] those of the micro-batches: if one of
/// them is not finite, nothing changes at all.
template <class Context, class A, class T, class Kinds>
void adamw(Context& ctx, const adamw_update& with, Kinds kinds, view<const double, 1> squares,
           view<const A, dynamic> losses, view<A, dynamic> masters, view<A, dynamic> gradient, view<A, dynamic> first,
           view<A, dynamic> second, view<A, dynamic> average, view<T, dynamic> copy) {
    rules::equal(masters.size(), gradient.size(), "ops::adamw: the sizes of masters and gradient");
    rules::equal(masters.size(), kinds.size() * 64,
                 "ops::adamw: the size of masters and 64 times the number of blocks");
    adamw_on(ctx, with, kinds.read(), squares, losses, masters, gradient, first, second, average, copy);
}

/// sum [1] = the squares of all elements, added in double and in a fixed order.
template <class Context, class X> void sum_of_squares(Context& ctx, X x, view<double, 1> sum) {
    sum_of_squares_on(ctx, x.read(), sum);
}

} // namespace ops
} // namespace walt
