// CUDA: Adafactor in six kernels over all tensors at once: sums of rows, of columns, the mean of the rows' vector, the
// sizes of updates and weights in pieces, their sums, and the update.
#pragma once

#include "../reference/adafactor.hpp"
#include "block_sum.cuh"
#include "reduce.cuh"

#include <cmath>

namespace walt::cuda {

namespace detail {

struct adafactor_pointers {
    adafactor_update with;
    const adafactor_tensor* tensors;
    const float* scale;
    float *w, *g, *second, *row, *column, *mean;

    /// u of element i of a tensor.
    __device__ float direction(const adafactor_tensor& of, float row_mean, std::int64_t i) const {
        const float gradient = g[of.at + i] * *scale;
        if (of.columns == 0) return gradient / std::sqrt(second[of.second + i]);
        return reference::adafactor_direction(gradient, row[of.row + i / of.columns], row_mean,
                                              column[of.column + i % of.columns]);
    }
    __device__ double square(const adafactor_tensor& of, std::int64_t i) const {
        return static_cast<double>(reference::adafactor_square(g[of.at + i] * *scale));
    }
};

inline constexpr int adafactor_rows = 8; ///< of a block, a warp each

/// blockIdx.y is the tensor, a warp sums a row.
template <class = void> __global__ void adafactor_rows_kernel(const adafactor_pointers p) {
    const adafactor_tensor of = p.tensors[blockIdx.y];
    const std::int64_t r = static_cast<std::int64_t>(blockIdx.x) * adafactor_rows + threadIdx.y;
    if (r >= of.rows() || isnan(*p.scale)) return;
    double sum = 0;
    for (std::int64_t c = threadIdx.x; c < of.columns; c += 32) sum += p.square(of, r * of.columns + c);
    sum = warp_sum(sum);
    float& moment = p.row[of.row + r];
    if (threadIdx.x == 0)
        moment = reference::adafactor_moment(p.with, moment, static_cast<float>(sum / static_cast<double>(of.columns)));
}

/// blockIdx.y is the tensor; column_lanes columns a block, of whose rows thread y sums every column_rows-th.
template <class = void> __global__ void adafactor_columns_kernel(const adafactor_pointers p) {
    __shared__ double sums[column_rows][column_lanes];
    const adafactor_tensor of = p.tensors[blockIdx.y];
    const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * column_lanes + threadIdx.x, rows = of.rows();
    if (isnan(*p.scale)) return;
    double sum = 0;
    if (c < of.columns)
        for (std::int64_t r = threadIdx.y; r < rows; r += column_rows) sum += p.square(of, r * of.columns + c);
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y != 0 || c >= of.columns) return;
    for (int y = 1; y < column_rows; ++y) sum += sums[y][threadIdx.x];
    float& moment = p.column[of.column + c];
    moment = reference::adafactor_moment(p.with, moment, static_cast<float>(sum / static_cast<double>(rows)));
}

/// A block a tensor.
template <class = void> __global__ void adafactor_row_mean_kernel(const adafactor_pointers p, float* row_mean) {
    const adafactor_tensor of = p.tensors[blockIdx.x];
    const std::int64_t rows = of.rows();
    const double sum = walked_sum(0, rows, [&](std::int64_t r) { return static_cast<double>(p.row[of.row + r]); });
    if (threadIdx.x == 0) row_mean[blockIdx.x] = static_cast<float>(rows > 0 ? sum / static_cast<double>(rows) : 1.0);
}

inline constexpr std::int64_t adafactor_piece = 16384;

/// blockIdx.y is the tensor, blockIdx.x a piece of it: part[tensor, piece] = the sums of u^2 and of w^2. Moments that
/// are kept whole are renewed on the way.
template <class = void>
__global__ void adafactor_sizes_kernel(const adafactor_pointers p, const float* row_mean, double2* part) {
    const adafactor_tensor of = p.tensors[blockIdx.y];
    const std::int64_t first = blockIdx.x * adafactor_piece,
                       last = first + adafactor_piece < of.size ? first + adafactor_piece : of.size;
    if (isnan(*p.scale)) return;
    double updates = 0, weights = 0;
    for (std::int64_t i = first + threadIdx.x; i < last; i += sum_threads) {
        if (of.columns == 0) {
            float& moment = p.second[of.second + i];
            moment =
                reference::adafactor_moment(p.with, moment, reference::adafactor_square(p.g[of.at + i] * *p.scale));
        }
        const double u = static_cast<double>(p.direction(of, row_mean[blockIdx.y], i)),
                     w = static_cast<double>(p.w[of.master + i]);
        updates += u * u;
        weights += w * w;
    }
    updates = block_sum<sum_threads>(updates);
    weights = block_sum<sum_threads>(weights);
    if (threadIdx.x == 0) part[blockIdx.y * gridDim.x + blockIdx.x] = {updates, weights};
}

/// A block a tensor: factor[tensor] = what its u is multiplied with.
template <class = void>
__global__ void adafactor_factor_kernel(const adafactor_pointers p, const double2* part, std::int64_t pieces,
                                        float* factor) {
    const double2* const mine = part + blockIdx.x * pieces;
    const double updates = walked_sum(0, pieces, [&](std::int64_t i) { return mine[i].x; }),
                 weights = walked_sum(0, pieces, [&](std::int64_t i) { return mine[i].y; });
    if (threadIdx.x == 0)
        factor[blockIdx.x] =
            static_cast<float>(reference::adafactor_rate(p.with, p.tensors[blockIdx.x].size, updates, weights));
}

template <class T>
__global__ void adafactor_update_kernel(const adafactor_pointers p, const float* row_mean, const float* factor,
                                        T* copy) {
    const adafactor_tensor of = p.tensors[blockIdx.y];
    const std::int64_t first = blockIdx.x * adafactor_piece,
                       last = first + adafactor_piece < of.size ? first + adafactor_piece : of.size;
    if (isnan(*p.scale)) return;
    for (std::int64_t i = first + threadIdx.x; i < last; i += sum_threads) {
        float weight = p.w[of.master + i];
        reference::adafactor_element(p.with, factor[blockIdx.y], of.decayed != 0,
                                     p.direction(of, row_mean[blockIdx.y], i), weight,
                                     p.mean ? p.mean + of.at + i : nullptr);
        p.w[of.master + i] = weight;
        p.g[of.at + i] = 0;
        if constexpr (!std::is_same_v<T, float>) copy[of.master + i] = static_cast<T>(weight);
    }
}
} // namespace detail

template <class T, class Tensors>
void adafactor_on(context& ctx, const adafactor_update& with, Tensors tensors, const ops::adafactor_extents& most,
                  view<const float, 1> scale, view<float, dynamic> masters, view<float, dynamic> gradient,
                  view<float, dynamic> second, view<float, dynamic> row, view<float, dynamic> column,
                  view<float, dynamic> mean, view<T, dynamic> copy) {
    using namespace detail;
    if (tensors.size() == 0) return;
    require(tensors.size() < 65536, "ops::adafactor takes fewer than 65536 tensors on this device; {} came",
            tensors.size());
    const arena::scope scope(ctx.arena);
    const auto ceil = [](std::int64_t count, std::int64_t by) { return static_cast<unsigned>((count + by - 1) / by); };
    const auto count = static_cast<unsigned>(tensors.size()), pieces = ceil(most.size, adafactor_piece);
    const auto row_mean = ctx.arena.take<float, dynamic>(tensors.size()),
               factor = ctx.arena.take<float, dynamic>(tensors.size());
    const auto part = ctx.arena.take<double2, dynamic>(tensors.size() * std::int64_t{pieces});
    const adafactor_pointers p{with,           tensors.data(),  scale.data(),
                               masters.data(), gradient.data(), second.data(),
                               row.data(),     column.data(),   mean.size() > 0 ? mean.data() : nullptr};
    const auto check = [&] { check_launch("ops::adafactor", gradient.size()); };
    if (most.rows > 0) {
        adafactor_rows_kernel<>
            <<<dim3(ceil(most.rows, adafactor_rows), count), dim3(32, adafactor_rows), 0, ctx.stream>>>(p);
        check();
        adafactor_columns_kernel<>
            <<<dim3(ceil(most.columns, column_lanes), count), dim3(column_lanes, column_rows), 0, ctx.stream>>>(p);
        check();
    }
    adafactor_row_mean_kernel<><<<count, sum_threads, 0, ctx.stream>>>(p, row_mean.data());
    check();
    adafactor_sizes_kernel<><<<dim3(pieces, count), sum_threads, 0, ctx.stream>>>(p, row_mean.data(), part.data());
    check();
    adafactor_factor_kernel<><<<count, sum_threads, 0, ctx.stream>>>(p, part.data(), pieces, factor.data());
    check();
    adafactor_update_kernel<T>
        <<<dim3(pieces, count), sum_threads, 0, ctx.stream>>>(p, row_mean.data(), factor.data(), copy.data());
    check();
}

} // namespace walt::cuda
