// CUDA: attention of texts to themselves; a block is a query of a head. (A small part of an encoder's work, which runs
// once a caption: so there are no tiles.)
#pragma once

#include "../text_attention.hpp"
#include "block_sum.cuh"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {

inline constexpr int text_threads = 128;
inline constexpr std::int64_t most_text_positions = 8192; ///< whose scores fit a block's shared memory

/// bias may be null. Scores lie in shared memory [M].
template <int Heads, int W, class T>
__global__ void __launch_bounds__(text_threads)
    text_attention_kernel(const T* q, const T* k, const T* v, float scale, const float* bias, const std::uint8_t* valid,
                          int positions, T* out) {
    constexpr int Dh = W / Heads;
    extern __shared__ float scores[];
    __shared__ float query[Dh], most[text_threads / 32];
    const int head = static_cast<int>(blockIdx.x % Heads), thread = static_cast<int>(threadIdx.x);
    const std::int64_t row = blockIdx.x / Heads, text = row / positions * positions;
    const int i = static_cast<int>(row - text);
    for (int d = thread; d < Dh; d += text_threads) query[d] = scale * static_cast<float>(q[row * W + head * Dh + d]);
    __syncthreads();

    constexpr float never = -1e30f;
    float largest = never;
    for (int j = thread; j < positions; j += text_threads) {
        float logit = never;
        if (valid[text + j]) {
            const T* key = k + (text + j) * W + head * Dh;
            logit = bias ? bias[(j - i + positions - 1) * Heads + head] : 0.0f;
            for (int d = 0; d < Dh; ++d) logit += query[d] * static_cast<float>(key[d]);
        }
        scores[j] = logit;
        largest = fmaxf(largest, logit);
    }
    for (int distance = 16; distance > 0; distance /= 2)
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, distance));
    if (thread % 32 == 0) most[thread / 32] = largest;
    __syncthreads();
    for (const float of_warp : most) largest = fmaxf(largest, of_warp);
    float sum = 0;
    for (int j = thread; j < positions; j += text_threads) {
        const float weight = valid[text + j] ? expf(scores[j] - largest) : 0.0f;
        scores[j] = weight;
        sum += weight;
    }
    const float total = block_sum<text_threads>(sum);
    __syncthreads();
    for (int d = thread; d < Dh; d += text_threads) {
        float mixed = 0;
        for (int j = 0; j < positions; ++j)
            if (scores[j] != 0.0f) mixed += scores[j] * static_cast<float>(v[(text + j) * W + head * Dh + d]);
        out[row * W + head * Dh + d] = static_cast<T>(total > 0.0f ? mixed / total : 0.0f);
    }
}

} // namespace detail

template <int Heads, class T, int R, int W, class Bias, class Valid>
void text_attention_on(context& ctx, view<const T, R, W> q, view<const T, R, W> k, view<const T, R, W> v, double scale,
                       Bias bias, Valid valid, view<T, R, W> out) {
    const std::int64_t positions = valid.extent(1);
    require(positions <= detail::most_text_positions,
            "ops::text_attention: on the cuda device a text has {} positions at most; it has {}",
            detail::most_text_positions, positions);
    if (q.size() == 0) return;
    const float* of_bias = nullptr;
    if constexpr (!is_none<Bias>) of_bias = bias.data();
    detail::text_attention_kernel<Heads, W><<<static_cast<unsigned>(q.extent(0) * Heads), detail::text_threads,
                                              static_cast<std::size_t>(positions) * sizeof(float), ctx.stream>>>(
        q.data(), k.data(), v.data(), static_cast<float>(scale), of_bias, valid.data(), static_cast<int>(positions),
        out.data());
    check_launch("ops::text_attention", out.size());
}

} // namespace walt::cuda
