// What attention needs to know before it walks over tiles: for QK norm the moments of every head of q and k, which each
// block would measure anew, and the product of both norms' weights; for the backward pass delta, the sum over keys of
// p dp, which is that of out dout over a head.
#pragma once

#include "../modulated_norm.hpp"
#include "attention_tiles.cuh"
#include "elementwise.cuh"

#include <algorithm>

namespace walt::cuda::detail {

struct alignas(8) head_moments {
    float mean, rstd;
};

/// `count` heads of Dh, Heads of them at the beginning of each row of Stride elements, and where their moments go.
template <class T, int Stride, int Heads, int Dh> struct heads_to_measure {
    const T* rows;
    std::uint64_t count;
    head_moments* to;
};
/// `count` heads of Dh, one after another, of two operands, and where the sums of their products go.
template <class T, int Dh> struct heads_to_multiply {
    const T *out, *dout;
    std::uint64_t count;
    float* to;
};
/// Both norms' weights, Dh of them, and where their products go, with zeros up to `count`.
struct weights_to_multiply {
    const float *of_q, *of_k;
    unsigned dh;
    std::uint64_t count;
    float* to;
};
struct no_heads {
    std::uint64_t count = 0;
};

inline constexpr int head_threads = 128, head_lanes = 2; ///< of a block; neighbours that share a head

/// The head of this lane, or the last one: all lanes stay, for the sums.
__device__ inline std::uint64_t head_of_lane(std::uint64_t count, bool& stores) {
    const std::uint64_t i = (blockIdx.x * std::uint64_t{head_threads} + threadIdx.x) / head_lanes;
    stores = i < count && threadIdx.x % head_lanes == 0;
    return i < count ? i : count - 1;
}
/// use(d) for the places of this lane's packs of E.
template <int Dh, int E, class Use> __device__ void each_pack_of_lane(Use&& use) {
#pragma unroll
    for (int d = 0; d < Dh; d += head_lanes * E)
        if (const int from = d + static_cast<int>(threadIdx.x) % head_lanes * E; from < Dh) use(from);
}
__device__ inline float sum_over_lanes(float x) {
#pragma unroll
    for (int distance = 1; distance < head_lanes; distance *= 2) x += __shfl_xor_sync(0xffffffffu, x, distance);
    return x;
}

template <class T, int Stride, int Heads, int Dh>
__device__ void sum_head(const heads_to_measure<T, Stride, Heads, Dh>& of) {
    constexpr int E = copied_elements<T, Dh>;
    bool stores;
    const std::uint64_t i = head_of_lane(of.count, stores);
    const T* const head = of.rows + i / Heads * Stride + i % Heads * Dh;
    const float first = static_cast<float>(head[0]); // so that a large mean costs no digits
    float sum = 0, squares = 0;
    each_pack_of_lane<Dh, E>([&](int d) {
        const auto x = *reinterpret_cast<const pack<T, E>*>(head + d);
#pragma unroll
        for (int v = 0; v < E; ++v) {
            const float moved = static_cast<float>(x.element[v]) - first;
            sum += moved;
            squares += moved * moved;
        }
    });
    sum = sum_over_lanes(sum) / Dh;
    squares = sum_over_lanes(squares) / Dh;
    if (stores)
        of.to[i] = {first + sum, rsqrtf(fmaxf(squares - sum * sum, 0.0f) + static_cast<float>(ops::norm_epsilon))};
}
template <class T, int Dh> __device__ void sum_head(const heads_to_multiply<T, Dh>& of) {
    constexpr int E = copied_elements<T, Dh>;
    bool stores;
    const std::uint64_t i = head_of_lane(of.count, stores);
    float sum = 0;
    each_pack_of_lane<Dh, E>([&](int d) {
        const auto x = *reinterpret_cast<const pack<T, E>*>(of.out + i * Dh + d);
        const auto y = *reinterpret_cast<const pack<T, E>*>(of.dout + i * Dh + d);
#pragma unroll
        for (int v = 0; v < E; ++v) sum += static_cast<float>(x.element[v]) * static_cast<float>(y.element[v]);
    });
    sum = sum_over_lanes(sum);
    if (stores) of.to[i] = sum;
}
__device__ inline void sum_head(const weights_to_multiply& of) {
    const unsigned d = blockIdx.x * head_threads + threadIdx.x;
    if (d < of.count) of.to[d] = d < of.dh ? of.of_q[d] * of.of_k[d] : 0.0f;
}
__device__ inline void sum_head(const no_heads&) {}

/// blockIdx.y says of which.
template <class... Heads> __global__ void __launch_bounds__(head_threads) head_sums_kernel(const Heads... of) {
    unsigned before = blockIdx.y;
    ((before-- == 0 && of.count > 0 ? sum_head(of) : void()), ...);
}

/// All of them in one launch.
template <class... Heads> void sum_heads(context& ctx, const char* what, const Heads&... of) {
    const std::uint64_t most = std::max({of.count...}), a_block = head_threads / head_lanes;
    if (most == 0) return;
    const dim3 grid(static_cast<unsigned>((most + a_block - 1) / a_block), sizeof...(of));
    head_sums_kernel<<<grid, head_threads, 0, ctx.stream>>>(of...);
    check_launch(what, static_cast<std::int64_t>(most));
}

/// With QK norm: room in the arena for the moments of so many heads, and for the products of the weights.
template <bool Normed, int Dh> struct normed_heads {
    static constexpr int padded = parts_of_sums::padded(Dh);
    head_moments* moments = nullptr;
    float* weights = nullptr;

    normed_heads(context& ctx, std::int64_t heads) {
        if constexpr (Normed) {
            moments = reinterpret_cast<head_moments*>(ctx.arena.take<float, dynamic, 2>(heads).data());
            weights = ctx.arena.take<float, padded>().data();
        }
    }
    template <class Norm> auto multiply_weights(const Norm& q_norm, const Norm& k_norm) const {
        if constexpr (!Normed) return no_heads{};
        else return weights_to_multiply{q_norm.data(), k_norm.data(), Dh, padded, weights};
    }
};

} // namespace walt::cuda::detail
