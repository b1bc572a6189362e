// Sums of columns, and of parts that many blocks have left, in a fixed order. No atomics, so the same numbers give the
// same bits. (CUB's sums over segments want the numbers of a sum beside each other; here they lie a row apart, and a
// warp reads 32 sums' numbers at once.)
#pragma once

#include "../parts_of_sums.hpp"
#include "elementwise.cuh"

#include <algorithm>

namespace walt::cuda {

namespace detail {
/// out[s, j] (+)= sum over g of part[s, g, j]; rows of out are `stride` apart.
template <bool Add> struct sum_of_parts {
    const float* part;
    float* out;
    std::int64_t groups, width, stride;
    __device__ void operator()(std::int64_t i) const {
        const std::int64_t s = i / width, j = i % width;
        float sum = 0;
        for (std::int64_t g = 0; g < groups; ++g) sum += part[(s * groups + g) * width + j];
        float& to = out[s * stride + j];
        to = Add ? to + sum : sum;
    }
};

inline constexpr int column_lanes = 32, column_rows = 8;

/// part[group, j] = sum over the group's rows of x[row, j]; a thread has P columns.
template <int P, class T>
__global__ void column_parts_kernel(const T* x, std::int64_t rows, std::int64_t width, std::int64_t group_rows,
                                    float* part) {
    __shared__ float sums[P][column_rows][column_lanes];
    const std::int64_t j = (static_cast<std::int64_t>(blockIdx.x) * column_lanes + threadIdx.x) * P;
    const std::int64_t first = blockIdx.y * group_rows, last = first + group_rows < rows ? first + group_rows : rows;
    float sum[P] = {};
    if (j < width)
        for (std::int64_t r = first + threadIdx.y; r < last; r += column_rows) {
            const auto values = *reinterpret_cast<const pack<T, P>*>(x + r * width + j);
            for (int v = 0; v < P; ++v) sum[v] += static_cast<float>(values.element[v]);
        }
    for (int v = 0; v < P; ++v) sums[v][threadIdx.y][threadIdx.x] = sum[v];
    __syncthreads();
    if (threadIdx.y != 0 || j >= width) return;
    for (int v = 0; v < P; ++v) {
        for (int y = 1; y < column_rows; ++y) sum[v] += sums[v][y][threadIdx.x];
        part[blockIdx.y * width + j + v] = sum[v];
    }
}
} // namespace detail

/// out[s, j] = sum over g of part[s, g, j] for `sets` sets of `groups` rows of `width`; rows of out are `stride` apart.
inline void assign_sum_of_parts(context& ctx, const char* what, std::int64_t sets, std::int64_t groups,
                                std::int64_t width, std::int64_t stride, const float* part, float* out) {
    each(ctx, what, sets * width, detail::sum_of_parts<false>{part, out, groups, width, stride});
}

namespace detail {
/// Sums of the columns of a matrix, in parts [groups, width].
struct column_parts {
    const float* part;
    std::int64_t groups, width;
    __device__ float operator()(std::int64_t j) const {
        float sum = 0;
        for (std::int64_t g = 0; g < groups; ++g) sum += part[g * width + j];
        return sum;
    }
};

/// Of x [rows, width] with at least one row and one column; in the arena.
template <class T>
column_parts parts_of_columns(context& ctx, const char* what, const T* x, std::int64_t rows, std::int64_t width) {
    using namespace parts_of_sums;
    const std::int64_t group_rows = std::max(least_rows, (rows + most - 1) / most),
                       groups = (rows + group_rows - 1) / group_rows;
    const auto part = ctx.arena.take<float, dynamic>(groups * width);
    const auto launch = [&](auto kernel, std::int64_t columns) {
        const dim3 grid(static_cast<unsigned>((width + columns - 1) / columns), static_cast<unsigned>(groups));
        kernel<<<grid, dim3(column_lanes, column_rows), 0, ctx.stream>>>(x, rows, width, group_rows, part.data());
        check_launch(what, rows * width);
    };
    if (width % 4 == 0 && is_pack_aligned(x)) launch(column_parts_kernel<4, T>, 4 * column_lanes);
    else launch(column_parts_kernel<1, T>, column_lanes);
    return {part.data(), groups, width};
}

struct add_column {
    column_parts sums;
    float* out;
    __device__ void operator()(std::int64_t j) const { out[j] += sums(j); }
};
} // namespace detail

/// out[j] += sum over rows of x[row, j].
template <class T>
void add_column_sums(context& ctx, const char* what, const T* x, std::int64_t rows, std::int64_t width, float* out) {
    if (rows == 0 || width == 0) return;
    const arena::scope scope(ctx.arena);
    each(ctx, what, width, detail::add_column{detail::parts_of_columns(ctx, what, x, rows, width), out});
}

} // namespace walt::cuda
