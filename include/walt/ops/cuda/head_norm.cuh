// The layer norm of every head's query or key (spec 1.5), and its gradient; a warp has one head of one row.
#pragma once

#include "../rules.hpp"
#include "../modulated_norm.hpp"
#include "reduce.cuh"

namespace walt::cuda::detail {

inline constexpr int norm_warps = 4;

/// Heads of rows in memory: rows are `stride` elements apart, heads follow each other.
template <class T> struct head_rows {
    T* data;
    std::int64_t stride;
    template <int Dh> __device__ T* at(std::int64_t row, int head) const { return data + row * stride + head * Dh; }
};

__device__ inline float warp_sum(float x) {
    for (int distance = 16; distance > 0; distance /= 2) x += __shfl_xor_sync(0xffffffffu, x, distance);
    return x;
}

/// A lane's entries of one head: lane, lane + 32, ...
template <int Dh> struct head_share {
    static constexpr int count = (Dh + 31) / 32;
    float at[count] = {};

    template <class Use> __device__ static void each(Use&& use) {
#pragma unroll
        for (int c = 0; c < count; ++c)
            if (const int d = 32 * c + static_cast<int>(threadIdx.x) % 32; d < Dh) use(c, d);
    }
    template <class T> __device__ explicit head_share(const T* from) {
        each([&](int c, int d) { at[c] = static_cast<float>(from[d]); });
    }
    /// Becomes (x - mean) rstd; returns rstd.
    __device__ float normalise() {
        float sum = 0, squares = 0;
        each([&](int c, int) { sum += at[c]; });
        const float mean = warp_sum(sum) / Dh;
        each([&](int c, int) { at[c] -= mean, squares += at[c] * at[c]; });
        const float rstd = rsqrtf(warp_sum(squares) / Dh + static_cast<float>(ops::norm_epsilon));
        each([&](int c, int) { at[c] *= rstd; });
        return rstd;
    }
};

template <int Dh, int Heads, class T>
__global__ void head_norm_kernel(std::int64_t rows, const head_rows<const T> x, const float* weight, const head_rows<T> y) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * norm_warps + threadIdx.x / 32;
    if (i >= rows * Heads) return;
    head_share<Dh> share(x.template at<Dh>(i / Heads, static_cast<int>(i % Heads)));
    share.normalise();
    T* to = y.template at<Dh>(i / Heads, static_cast<int>(i % Heads));
    share.each([&](int c, int d) { to[d] = static_cast<T>(share.at[c] * weight[d]); });
}

/// dx of every head; a warp's sum of dy n, which is its part of dweight, goes to a row of part.
template <int Dh, int Heads, class T>
__global__ void head_norm_grad_kernel(std::int64_t rows, const head_rows<const T> x, const float* weight, const float* dy, const head_rows<T> dx, float* part) {
    const std::int64_t warps = static_cast<std::int64_t>(gridDim.x) * norm_warps, mine = static_cast<std::int64_t>(blockIdx.x) * norm_warps + threadIdx.x / 32;
    float dweight[head_share<Dh>::count] = {};
    for (std::int64_t i = mine; i < rows * Heads; i += warps) {
        head_share<Dh> n(x.template at<Dh>(i / Heads, static_cast<int>(i % Heads))), g(dy + i * Dh);
        const float rstd = n.normalise();
        float sum = 0, projection = 0;
        n.each([&](int c, int d) {
            dweight[c] += g.at[c] * n.at[c];
            g.at[c] *= weight[d];
            sum += g.at[c];
            projection += g.at[c] * n.at[c];
        });
        const float mean = warp_sum(sum) / Dh, along = warp_sum(projection) / Dh;
        T* to = dx.template at<Dh>(i / Heads, static_cast<int>(i % Heads));
        n.each([&](int c, int d) { to[d] = static_cast<T>(rstd * (g.at[c] - mean - n.at[c] * along)); });
    }
    head_share<Dh>::each([&](int c, int d) { part[mine * Dh + d] = dweight[c]; });
}

/// delta[row, head] = sum of out dout, which is the sum over keys of p dp.
template <int Dh, class T> __global__ void head_products_kernel(std::int64_t count, const T* out, const T* dout, float* delta) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * norm_warps + threadIdx.x / 32;
    if (i >= count) return;
    float sum = 0;
    head_share<Dh>::each([&](int, int d) { sum += static_cast<float>(out[i * Dh + d]) * static_cast<float>(dout[i * Dh + d]); });
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0) delta[i] = sum;
}

inline unsigned norm_blocks(std::int64_t heads) { return static_cast<unsigned>((heads + norm_warps - 1) / norm_warps); }

/// The normalised heads of x, in the arena; x itself where there is no norm.
template <int Dh, int Heads, class T, class Norm>
head_rows<const T> normalised(context& ctx, const char* what, std::int64_t rows, head_rows<const T> x, Norm weight) {
    if constexpr (is_none<Norm>) return x;
    else {
        const auto y = ctx.arena.take<T, dynamic, Dh * Heads>(rows);
        if (rows == 0) return {y.data(), Dh * Heads};
        head_norm_kernel<Dh, Heads><<<norm_blocks(rows * Heads), 32 * norm_warps, 0, ctx.stream>>>(rows, x, weight.data(), head_rows<T>{y.data(), Dh * Heads});
        check_launch(what, y.size());
        return {y.data(), Dh * Heads};
    }
}

/// dx is assigned, dweight added to; dy is [rows, Heads Dh].
template <int Dh, int Heads, class T, class Norm, class DNorm>
void normalised_grad(context& ctx, const char* what, std::int64_t rows, head_rows<const T> x, Norm weight, const float* dy, head_rows<T> dx, DNorm dweight) {
    if (rows == 0) return;
    const arena::scope scope(ctx.arena);
    const unsigned blocks = std::min(norm_blocks(rows * Heads), 1024u);
    const auto part = ctx.arena.take<float, dynamic, Dh>(blocks * norm_warps);
    head_norm_grad_kernel<Dh, Heads><<<blocks, 32 * norm_warps, 0, ctx.stream>>>(rows, x, weight.data(), dy, dx, part.data());
    check_launch(what, rows * Heads * Dh);
    add_column_sums(ctx, what, part.data(), part.extent(0), Dh, dweight.data());
}

template <int Dh, int Heads, class T> view<float, dynamic> head_products(context& ctx, const char* what, std::int64_t rows, const T* out, const T* dout) {
    const auto delta = ctx.arena.take<float, dynamic>(rows * Heads);
    if (rows == 0) return delta;
    head_products_kernel<Dh><<<norm_blocks(rows * Heads), 32 * norm_warps, 0, ctx.stream>>>(rows * Heads, out, dout, delta.data());
    check_launch(what, rows * Heads);
    return delta;
}

} // namespace walt::cuda::detail
