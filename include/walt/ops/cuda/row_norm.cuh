// CUDA: norms of rows; a block per row.
#pragma once

#include "../row_norm.hpp"
#include "row_share.cuh"

namespace walt::cuda {

namespace detail {

/// shift may be null.
template <walt::row_norm Norm, int D, class T>
__global__ void __launch_bounds__(row_share<D>::threads)
    row_norm_kernel(const float* x, const float* scale, const float* shift, float epsilon, T* y) {
    const std::int64_t r = blockIdx.x;
    row_share<D> row(x + r * D);
    float mean = 0;
    if constexpr (Norm == walt::row_norm::layer) mean = row.sum([&](int j, int v) { return row.at[j][v]; }) / D;
    const float squares = row.sum([&](int j, int v) { return (row.at[j][v] - mean) * (row.at[j][v] - mean); });
    const float factor = 1.0f / sqrtf(squares / D + epsilon);
    const row_share<D> scales(scale);
    row.each([&](int j, int v) { row.at[j][v] = (row.at[j][v] - mean) * factor * scales.at[j][v]; });
    if (shift) {
        const row_share<D> shifts(shift);
        row.each([&](int j, int v) { row.at[j][v] += shifts.at[j][v]; });
    }
    row.store(y + r * D);
}

} // namespace detail

template <walt::row_norm Norm, int R, int D, class Scale, class Shift, class T>
void row_norm_on(context& ctx, view<const float, R, D> x, Scale scale, Shift shift, double epsilon, view<T, R, D> y) {
    if (x.extent(0) == 0) return;
    const float* of_shift = nullptr;
    if constexpr (!is_none<Shift>) of_shift = shift.data();
    detail::row_norm_kernel<Norm, D>
        <<<static_cast<unsigned>(x.extent(0)), detail::row_share<D>::threads, 0, ctx.stream>>>(
            x.data(), scale.data(), of_shift, static_cast<float>(epsilon), y.data());
    check_launch("ops::row_norm", x.size());
}

} // namespace walt::cuda
