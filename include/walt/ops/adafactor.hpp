// Adafactor (Shazeer and Stern, docs/model.md 18): the second moments of a matrix are kept as one vector of its rows
// and one of its columns.
#pragma once

#include "../core/parameters.hpp"
#include "rules.hpp"

#include <cmath>
#include <cstdint>

namespace walt {

/// The numbers of one update; a 0 leaves out what it belongs to.
struct adafactor_update {
    double rate;
    double beta;        ///< second moments keep this share of themselves
    double most_rms;    ///< most that the root mean square of a tensor's update may be; 0: no limit
    double least_scale; ///< the rate is multiplied with the tensor's root mean square, at least this; 0: it is not
    double momentum;    ///< mean = momentum mean + update; 0: no mean is kept
    double weight_decay;
    static constexpr double floor = 1e-30; ///< added to a squared gradient
};

/// A trained tensor: where it begins, in elements, and what is kept for it.
struct adafactor_tensor {
    std::int64_t master = 0; ///< in the model's layout
    std::int64_t at = 0;     ///< in the layout of the gradient and of the momentum
    std::int64_t size = 0;
    std::int64_t columns = 0;         ///< of a factored matrix [size / columns, columns]; 0: the moments are kept whole
    std::int64_t second = 0;          ///< in the whole second moments, if they are kept so
    std::int64_t row = 0, column = 0; ///< in the vectors of rows and of columns, of a factored matrix
    std::int64_t decayed = 0;

    WALT_HD std::int64_t rows() const { return columns > 0 ? size / columns : 0; }
};

namespace ops {

/// The largest of a run's tensors, known to the host.
struct adafactor_extents {
    std::int64_t size = 0, rows = 0, columns = 0;
};

template <class... T> void adafactor_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no Adafactor (adafactor_on) for operands of these types");
}
/// With g times scale as g and s = g^2 + 1e-30, for every tensor: a factored matrix has row = beta row + (1 - beta)
/// mean of s over columns, column = beta column + (1 - beta) mean of s over rows, u = g / sqrt(row / mean(row) column);
/// others have second = beta second + (1 - beta) s, u = g / sqrt(second). Then u *= max(least_scale, rms(w)) / max(1,
/// rms(u) / most_rms), mean = momentum mean + u, w -= rate (mean + decay w), copy = w; decay only where a tensor says
/// so. All sums are in a fixed order. `masters` and `copy` have the model's layout, `gradient` and `mean` (empty
/// without momentum) that of the run; `second`, `row` and `column` hold what `tensors` says. The gradient is zero
/// afterwards. Where the scale is NaN, nothing changes at all.
template <context Context, class A, class T, class Tensors>
void adafactor(Context& ctx, const adafactor_update& with, Tensors tensors, const adafactor_extents& most,
               view<const A, 1> scale, view<A, dynamic> masters, view<A, dynamic> gradient, view<A, dynamic> second,
               view<A, dynamic> row, view<A, dynamic> column, view<A, dynamic> mean, view<T, dynamic> copy) {
    rules::equal_sizes(copy, masters, "ops::adafactor: the sizes of copy and masters");
    rules::equal(mean.size(), with.momentum > 0 ? gradient.size() : 0,
                 "ops::adafactor: the size of mean and, with momentum, that of the gradient");
    adafactor_on(ctx, with, tensors.read(), most, scale, masters, gradient, second, row, column, mean, copy);
}

} // namespace ops
} // namespace walt
