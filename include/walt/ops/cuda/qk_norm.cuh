// QK norm (docs/model.md 1.5) inside the attention kernels: heads are read as they were stored, and no normalised copy
// is written. With n = (x - mean) rstd and w = q_norm k_norm, the score of an own row x and a walked row y, which are a
// query and a key or a key and a query, is
//   sum_d n_x[d] n_y[d] w[d] = rstd_y (sum_d o[d] y[d] - mean_y sum_d o[d])    o = n_x w
// so the block's own rows become o once, and of a walked row two numbers are enough (head_sums.cuh measures them).
// With a the gradients of the scores times rstd_y, and u = sum_y a y, which is what the tensor cores sum,
//   d n_x = w (u - mean(u))
// since n_y has mean 0, and both weights' gradients follow from z[d] = sum_x n_x[d] (u - mean(u))[d]:
//   d q_norm = k_norm z    d k_norm = q_norm z
#pragma once

#include "../rules.hpp"
#include "attention_tiles.cuh"
#include "head_sums.cuh"
#include "log2_logits.cuh"
#include "reduce.cuh"

namespace walt::cuda::detail {

/// The weights of both norms, or none.
template <bool Normed> struct qk_weights { static constexpr bool normed = Normed; };
template <> struct qk_weights<true> {
    static constexpr bool normed = true;
    const float *of_q, *of_k; // [Dh]
    const float* products;    // [Dh], with zeros up to a multiple of 16
};

template <class Norm>
qk_weights<!is_none<Norm>> weights_of(const Norm& q_norm, const Norm& k_norm, const float* products) {
    if constexpr (is_none<Norm>) return {};
    else return {q_norm.data(), k_norm.data(), products};
}

/// x[v] becomes use(x[v], v), for E in a row; returns the sum of what they were rounded to. bf16 goes in pairs, as the
/// GPU converts them.
template <int E, class Use> __device__ float round_in_place(bf16* x, Use&& use) {
    auto& in_memory = *reinterpret_cast<pack<std::uint32_t, E / 2>*>(x);
    auto pairs = in_memory;
    const auto first = [](std::uint32_t pair) { return __uint_as_float(pair << 16); };
    const auto second = [](std::uint32_t pair) { return __uint_as_float(pair & 0xffff0000u); };
    float sum = 0;
#pragma unroll
    for (int v = 0; v < E; v += 2) {
        std::uint32_t& pair = pairs.element[v / 2];
        pair = pair_of_bf16(use(first(pair), v), use(second(pair), v + 1));
        sum += first(pair) + second(pair);
    }
    in_memory = pairs;
    return sum;
}
template <int E, class Use> __device__ float round_in_place(float* x, Use&& use) {
    float sum = 0;
#pragma unroll
    for (int v = 0; v < E; ++v) sum += x[v] = use(x[v], v);
    return sum;
}

/// What the walk keeps of a row beside the row itself.
template <class Map> __device__ float2 scaling_of(const Map& map, head_moments of) {
    const float factor = of.rstd * map.temperature;
    return {factor, factor * of.mean};
}

/// Keeps the marks of the walked keys first, first + 1, ..., and with QK norm their scaling.
template <class Map, class Tiles>
__device__ void keep_keys(const Map& map, const Tiles& memory, int stage, std::int64_t group, int head, int first) {
    for (int j = static_cast<int>(threadIdx.x); j < Tiles::rows; j += attention_threads) {
        memory.marks(stage)[j] = map.key_mark(group, first + j);
        if constexpr (Map::weights_type::normed)
            memory.scaling(stage)[j] = scaling_of(map, map.k_moments(group, head, first + j));
    }
}

/// What makes logits of products of own and walked rows. own_moments(row): those of the warp's own row (0 to 15).
template <class Map, class Tiles, class OwnMoments> struct logits_of {
    const Map& map;
    const Tiles& memory;
    OwnMoments own_moments;
    int stage = 0;

    __device__ logits_of(const Map& map, const Tiles& memory, OwnMoments own_moments)
        : map(map), memory(memory), own_moments(own_moments) {}

    /// When tiles have arrived: makes o of the own rows if they are new.
    __device__ void arrived(bool own_too, int at_stage) {
        stage = at_stage;
        if constexpr (Map::weights_type::normed)
            if (own_too) weigh_own_rows();
    }
    /// Of the lane's own row h (0, 1) and walked row j.
    __device__ float operator()(float product, int h, int j) const {
        if constexpr (!Map::weights_type::normed) return product * map.temperature;
        else {
            const float2 scaling = memory.scaling(stage)[j];
            return product * scaling.x - memory.own_sums()[warp() * 16 + lane() / 4 + 8 * h] * scaling.y;
        }
    }
    /// d logit / d product. Since logits are times log2 e, what is summed with it is too, until of_log2.
    __device__ float factor(int j) const {
        if constexpr (Map::weights_type::normed) return memory.scaling(stage)[j].x;
        else return map.temperature;
    }

    template <int N> __device__ void of_log2(fragment<N>& sum) const {
        sum.each([&](int n, int e) { sum.at[n][e] *= ln_2; });
    }

  private:
    __device__ void weigh_own_rows() {
        // Two lanes share a row. Its 16 bytes and those of seven rows beside it meet all banks once.
        using T = typename Tiles::type;
        constexpr int E = 16 / sizeof(T);
        T* const row = memory.warps_own(0) + lane() % 16 * Tiles::stride;
        const head_moments of = own_moments(lane() % 16);
        float sum = 0;
#pragma unroll 2
        for (int c = 0; c < Tiles::depth / (2 * E); ++c) {
            const int d = (2 * c + lane() / 16) * E;
            const auto weight = *reinterpret_cast<const pack<float, E>*>(map.weights.products + d);
            sum +=
                round_in_place<E>(row + d, [&](float x, int v) { return (x - of.mean) * of.rstd * weight.element[v]; });
        }
        sum += __shfl_xor_sync(0xffffffffu, sum, 16);
        if (lane() < 16) memory.own_sums()[warp() * 16 + lane()] = sum;
        __syncwarp();
    }
};

/// Sum over the four lanes that share a fragment's row, for each of its two, in all four: two shuffles each. (CUB's sum
/// of four lanes is in the first of them, and a third shuffle would tell the others.)
__device__ inline void sum_over_rows(float (&x)[2]) {
    for (float& of : x)
        for (int distance = 1; distance < 4; distance *= 2) of += __shfl_xor_sync(0xffffffffu, of, distance);
}

/// u (see above) becomes the gradient of the own rows, which lie in shared memory as they were stored; the warp's sums
/// for z go to z[Dh] unless it is null.
template <class Map, class Tiles, class OwnMoments, int N>
__device__ void through_norm(const Map& map, const Tiles& memory, const OwnMoments& own_moments, fragment<N>& u,
                             float* z) {
    constexpr int Dh = Map::head_dim;
    float mean[2], rstd[2], centre[2] = {}, sum[2] = {}, along[2] = {};
    for (int h = 0; h < 2; ++h) {
        const head_moments of = own_moments(lane() / 4 + 8 * h);
        mean[h] = of.mean;
        rstd[h] = of.rstd;
    }
    const auto normal = [&](int n, int e) {
        return (static_cast<float>(memory.warps_own(0)[u.row(e) * Tiles::stride + u.column(n, e)]) - mean[e / 2]) *
               rstd[e / 2];
    };
    u.each([&](int n, int e) { centre[e / 2] += u.at[n][e]; }); // 0 in the columns past the head's
    sum_over_rows(centre);
#pragma unroll
    for (int n = 0; n < N; ++n) {
        float of_column[2] = {0, 0};
#pragma unroll
        for (int e = 0; e < 4; ++e) {
            if (const int d = u.column(n, e); d < Dh) {
                const float x = normal(n, e), v = u.at[n][e] - centre[e / 2] / Dh;
                of_column[e % 2] += x * v;
                u.at[n][e] = v * map.weights.products[d];
                sum[e / 2] += u.at[n][e];
                along[e / 2] += u.at[n][e] * x;
            }
        }
        if (z == nullptr) continue;
        for (int side = 0; side < 2; ++side) {
            for (int distance = 4; distance < 32; distance *= 2)
                of_column[side] += __shfl_xor_sync(0xffffffffu, of_column[side], distance);
            if (const int d = u.column(n, side); lane() < 4 && d < Dh) z[d] = of_column[side];
        }
    }
    sum_over_rows(sum);
    sum_over_rows(along);
    u.each([&](int n, int e) {
        u.at[n][e] = rstd[e / 2] * (u.at[n][e] - sum[e / 2] / Dh - normal(n, e) * (along[e / 2] / Dh));
    });
}

struct add_weight_gradient {
    column_parts z;
    qk_weights<true> weights;
    float *dq_norm, *dk_norm;
    __device__ void operator()(std::int64_t d) const {
        const float sum = z(d);
        dq_norm[d] += weights.of_k[d] * sum;
        dk_norm[d] += weights.of_q[d] * sum;
    }
};

/// Adds to the gradients of both weights, from every block's part [blocks, Dh] of z.
template <int Dh>
void add_weight_gradients(context& ctx, const char* what, const float* part, std::int64_t blocks,
                          const qk_weights<true>& weights, float* dq_norm, float* dk_norm) {
    if (blocks == 0) return;
    const arena::scope scope(ctx.arena);
    each(ctx, what, Dh, add_weight_gradient{parts_of_columns(ctx, what, part, blocks, Dh), weights, dq_norm, dk_norm});
}

} // namespace walt::cuda::detail
