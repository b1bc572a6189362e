// Adafactor (Shazeer and Stern, docs/model.md 18): the second moments of a matrix are kept as one vector of its rows
// and one of its columns.
#pragma once

#include "../core/parameters.hpp"
#include "rules.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

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

/// What the host knows of a run's tensors, which lie in the device's memory.
struct adafactor_extents {
    std::int64_t size = 0, rows = 0, columns = 0;               ///< of the largest
    std::int64_t masters = 0, gradient = 0;                     ///< that all of them lie in
    std::int64_t all_second = 0, all_rows = 0, all_columns = 0; ///< that are kept for all of them

    /// One more tensor, which gets its place in what is kept for all.
    void add(adafactor_tensor& one) {
        const auto next = [](std::int64_t& all, std::int64_t more) { return std::exchange(all, all + more); };
        if (one.columns > 0) {
            one.row = next(all_rows, one.rows());
            one.column = next(all_columns, one.columns);
        } else one.second = next(all_second, one.size);
        size = std::max(size, one.size);
        rows = std::max(rows, one.rows());
        columns = std::max(columns, one.columns);
        masters = std::max(masters, one.master + one.size);
        gradient = std::max(gradient, one.at + one.size);
    }
};

template <class... T> void adafactor_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no Adafactor (adafactor_on) for operands of these types");
}
/// With g times scale as g and s = g^2 + 1e-30, for every tensor: a factored matrix has row = beta row + (1 - beta)
/// mean of s over columns, column = beta column + (1 - beta) mean of s over rows, u = g / sqrt(row / mean(row) column);
/// others have second = beta second + (1 - beta) s, u = g / sqrt(second). Then u *= max(least_scale, rms(w)) / max(1,
/// rms(u) / most_rms), mean = momentum mean + u, w -= rate (mean + decay w), copy = w; decay only where a tensor says
/// so. All sums are in a fixed order. `masters` and `copy` have the model's layout, `gradient` and `mean` (empty
/// without momentum) that of the run; `second`, `row` and `column` hold what `all` says, made of the same tensors. The
/// gradient is zero afterwards. Where the scale is NaN, nothing changes at all.
template <context Context, class A, class T, class Tensors>
void adafactor(Context& ctx, const adafactor_update& with, Tensors tensors, const adafactor_extents& all,
               view<const A, 1> scale, view<A, dynamic> masters, view<A, dynamic> gradient, view<A, dynamic> second,
               view<A, dynamic> row, view<A, dynamic> column, view<A, dynamic> mean, view<T, dynamic> copy) {
    rules::equal_sizes(copy, masters, "ops::adafactor: the sizes of copy and masters");
    require(all.masters <= masters.size() && all.gradient <= gradient.size(),
            "ops::adafactor: the tensors end at element {} of the masters and at {} of the gradient, which have {} and "
            "{}",
            all.masters, all.gradient, masters.size(), gradient.size());
    rules::equal(second.size(), all.all_second, "ops::adafactor: the size of second and what all tensors keep whole");
    rules::equal(row.size(), all.all_rows, "ops::adafactor: the size of row and the rows of all factored tensors");
    rules::equal(column.size(), all.all_columns,
                 "ops::adafactor: the size of column and the columns of all factored tensors");
    rules::equal(mean.size(), with.momentum > 0 ? gradient.size() : 0,
                 "ops::adafactor: the size of mean and, with momentum, that of the gradient");
    adafactor_on(ctx, with, tensors.read(), all, scale, masters, gradient, second, row, column, mean, copy);
}

} // namespace ops
} // namespace walt
