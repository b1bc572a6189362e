// Where the heads of rows lie in memory, and delta, a sum over each of them.
#pragma once

#include "reduce.cuh"

namespace walt::cuda::detail {

/// Heads of rows in memory: rows are `stride` elements apart, heads follow each other.
template <class T> struct head_rows {
    T* data;
    std::int64_t stride;
    template <int Dh> __device__ T* at(std::int64_t row, int head) const { return data + row * stride + head * Dh; }
};

inline constexpr int head_warps = 4; ///< of a block, a head for each

template <int Dh, class T>
__global__ void head_products_kernel(std::int64_t count, const T* out, const T* dout, float* delta) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * head_warps + threadIdx.x / 32;
    if (i >= count) return;
    float sum = 0;
#pragma unroll
    for (int d = static_cast<int>(threadIdx.x) % 32; d < Dh; d += 32)
        sum += static_cast<float>(out[i * Dh + d]) * static_cast<float>(dout[i * Dh + d]);
    // As many instructions as cub::WarpReduce has, whose header would cost attention's units 3 s to compile.
    for (int distance = 16; distance > 0; distance /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, distance);
    if (threadIdx.x % 32 == 0) delta[i] = sum;
}

/// delta[row, head], the sum of out dout over a head, which is the sum over keys of p dp; in the arena.
template <int Dh, int Heads, class T>
view<float, dynamic> head_products(context& ctx, const char* what, std::int64_t rows, const T* out, const T* dout) {
    const auto delta = ctx.arena.take<float, dynamic>(rows * Heads);
    if (rows == 0) return delta;
    const auto blocks = static_cast<unsigned>((rows * Heads + head_warps - 1) / head_warps);
    head_products_kernel<Dh><<<blocks, 32 * head_warps, 0, ctx.stream>>>(rows * Heads, out, dout, delta.data());
    check_launch(what, rows * Heads);
    return delta;
}

} // namespace walt::cuda::detail
