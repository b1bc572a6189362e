// Reference: Adafactor, tensor by tensor.
#pragma once

#include "../adafactor.hpp"
#include "context.hpp"

#include <cmath>
#include <vector>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

/// A tensor's step size, given the sums of the squares of its update and of its weights.
WALT_HD inline double adafactor_rate(const adafactor_update& with, std::int64_t size, double updates, double weights) {
    const double count = static_cast<double>(size), rms = std::sqrt(updates / count), own = std::sqrt(weights / count);
    const double share = with.most_rms > 0 && rms > with.most_rms ? with.most_rms / rms : 1;
    return share * (with.least_scale > 0 ? (own > with.least_scale ? own : with.least_scale) : 1);
}

template <class A> WALT_HD inline A adafactor_square(A g) { return g * g + static_cast<A>(adafactor_update::floor); }
template <class A> WALT_HD inline A adafactor_moment(const adafactor_update& with, A moment, A square) {
    return static_cast<A>(with.beta) * moment + static_cast<A>(1 - with.beta) * square;
}
/// u of an element of a factored matrix, of which `row_mean` is the mean of the vector of rows.
template <class A> WALT_HD inline A adafactor_direction(A g, A row, A row_mean, A column) {
    return g / std::sqrt(row / row_mean * column);
}
/// One element's update; `factor` is adafactor_rate's. `mean` is null where there is no momentum.
template <class A>
WALT_HD inline void adafactor_element(const adafactor_update& with, A factor, bool decayed, A u, A& w, A* mean) {
    u *= factor;
    if (mean) u = *mean = static_cast<A>(with.momentum) * *mean + u;
    w -= static_cast<A>(with.rate) * (u + (decayed ? static_cast<A>(with.weight_decay) * w : A(0)));
}

namespace detail {
/// The sum of use(i) for i in [0, count), in sixteen running sums that a compiler keeps in vectors.
template <class Use> double striped_sum(std::int64_t count, Use&& use) {
    double part[16] = {}, sum = 0;
    for (std::int64_t i = 0; i < count; ++i) part[i % 16] += static_cast<double>(use(i));
    for (const double p : part) sum += p;
    return sum;
}
} // namespace detail

/// A tensor's update: gradient, weights and momentum begin at the tensor, and so do its moments.
template <class A>
void adafactor_step(const adafactor_update& with, const adafactor_tensor& of, A scale, A* w, A* g, A* second, A* row,
                    A* column, A* mean) {
    const std::int64_t rows = of.rows(), columns = of.columns;
    for (std::int64_t i = 0; i < of.size; ++i) g[i] *= scale;
    std::vector<double> column_sums(static_cast<std::size_t>(columns));
    for (std::int64_t r = 0; r < rows; ++r) {
        const A* const line = g + r * columns;
        const double sum = detail::striped_sum(columns, [&](std::int64_t c) { return adafactor_square(line[c]); });
        row[r] = adafactor_moment(with, row[r], static_cast<A>(sum / static_cast<double>(columns)));
        for (std::int64_t c = 0; c < columns; ++c)
            column_sums[static_cast<std::size_t>(c)] += static_cast<double>(adafactor_square(line[c]));
    }
    for (std::int64_t c = 0; c < columns; ++c)
        column[c] = adafactor_moment(
            with, column[c], static_cast<A>(column_sums[static_cast<std::size_t>(c)] / static_cast<double>(rows)));
    const double row_sum = detail::striped_sum(rows, [&](std::int64_t r) { return row[r]; });
    const A row_mean = static_cast<A>(rows > 0 ? row_sum / static_cast<double>(rows) : 1);
    if (columns == 0)
        for (std::int64_t i = 0; i < of.size; ++i)
            second[i] = adafactor_moment(with, second[i], adafactor_square(g[i]));
    for (std::int64_t r = 0; r < rows; ++r) // g becomes u
        for (std::int64_t c = 0; c < columns; ++c)
            g[r * columns + c] = adafactor_direction(g[r * columns + c], row[r], row_mean, column[c]);
    if (columns == 0)
        for (std::int64_t i = 0; i < of.size; ++i) g[i] /= std::sqrt(second[i]);
    const auto squares = [&](const A* x) {
        return detail::striped_sum(
            of.size, [&](std::int64_t i) { return static_cast<double>(x[i]) * static_cast<double>(x[i]); });
    };
    const A factor = static_cast<A>(adafactor_rate(with, of.size, squares(g), squares(w)));
    for (std::int64_t i = 0; i < of.size; ++i) {
        adafactor_element(with, factor, of.decayed != 0, g[i], w[i], mean ? mean + i : nullptr);
        g[i] = 0;
    }
}

/// The same for tensor n of a run, with the compute copy.
template <class A, class T, class Tensors>
void adafactor_tensor_on(const adafactor_update& with, Tensors tensors, std::int64_t n, A scale,
                         view<A, dynamic> masters, view<A, dynamic> gradient, view<A, dynamic> second,
                         view<A, dynamic> row, view<A, dynamic> column, view<A, dynamic> mean, view<T, dynamic> copy) {
    const adafactor_tensor of = tensors(n);
    A* const w = masters.data() + of.master;
    adafactor_step(with, of, scale, w, gradient.data() + of.at, second.data() + of.second, row.data() + of.row,
                   column.data() + of.column, mean.size() > 0 ? mean.data() + of.at : nullptr);
    if constexpr (!std::is_same_v<A, T>)
        for (std::int64_t i = 0; i < of.size; ++i) copy.data()[of.master + i] = static_cast<T>(w[i]);
}

template <class A, class T, class Tensors>
void adafactor_on(context&, const adafactor_update& with, Tensors tensors, const ops::adafactor_extents&,
                  view<const A, 1> scale, view<A, dynamic> masters, view<A, dynamic> gradient, view<A, dynamic> second,
                  view<A, dynamic> row, view<A, dynamic> column, view<A, dynamic> mean, view<T, dynamic> copy) {
    if (std::isnan(scale(0))) return;
    for (std::int64_t n = 0; n < tensors.size(); ++n)
        adafactor_tensor_on(with, tensors, n, scale(0), masters, gradient, second, row, column, mean, copy);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
