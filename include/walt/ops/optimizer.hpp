// The optimizer's one pass over flat memory: AdamW, the exponential moving average and the compute copy, fused.
#pragma once

#include "rules.hpp"

namespace walt {

/// The numbers of one update. correction_i = 1 - beta_i^t.
struct adamw_update {
    double rate, beta_1, beta_2, epsilon, weight_decay;
    double correction_1, correction_2;
    double gradient_scale; ///< clipping and accumulation in one
    double average_keep;   ///< the average keeps this share of itself
};

/// What each block of 64 elements of a flat buffer is (every parameter begins on one).
enum block_kind : std::uint8_t { block_fixed = 0, block_trained = 1, block_decayed = 2 };

namespace ops {

/// Over n elements: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= rate (m / c1 / (sqrt(v / c2) + eps) + decay w),
/// average = keep average + (1 - keep) w, copy = w, g = 0. Decay only in blocks that are block_decayed; fixed blocks stay.
template <class Context, class A, class T, class Kinds>
void adamw(Context& ctx, const adamw_update& with, Kinds kinds, view<A, dynamic> masters, view<A, dynamic> gradient,
           view<A, dynamic> first, view<A, dynamic> second, view<A, dynamic> average, view<T, dynamic> copy) {
    rules::equal(masters.size(), gradient.size(), "ops::adamw: the sizes of masters and gradient");
    rules::equal(masters.size(), kinds.size() * 64, "ops::adamw: the size of masters and 64 times the number of blocks");
    adamw_on(ctx, with, kinds.read(), masters, gradient, first, second, average, copy);
}

/// The sum of squares of all elements, in double and in a fixed order.
template <class Context, class X> double sum_of_squares(Context& ctx, X x) { return sum_of_squares_on(ctx, x.read()); }

} // namespace ops
} // namespace walt
