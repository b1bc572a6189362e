// QK norm (docs/model.md 1.5) inside the attention kernels: heads are read as they were stored, and no normalised copy
// is written. With n = (x - mean) rstd and w = q_norm k_norm, the score of an own row x and a walked row y, which are a
// query and a key or a key and a query, is
//   sum_d n_x[d] n_y[d] w[d] = rstd_y (sum_d o[d] y[d] - mean_y sum_d o[d])    o = n_x w
// so the block's own rows become o once, and of a walked row two numbers are enough. With a the gradients of the scores
// times rstd_y, and u = sum_y a y, which is what the tensor cores sum,
//   d n_x = w (u - mean(u))
// since n_y has mean 0, and both weights' gradients follow from z[d] = sum_x n_x[d] (u - mean(u))[d]:
//   d q_norm = k_norm z    d k_norm = q_norm z
#pragma once

#include "../modulated_norm.hpp"
#include "../rules.hpp"
#include "attention_tiles.cuh"
#include "reduce.cuh"

namespace walt::cuda::detail {

/// The weights of both norms, or none.
template <bool Normed> struct qk_weights { static constexpr bool normed = Normed; };
template <> struct qk_weights<true> {
    static constexpr bool normed = true;
    const float *of_q, *of_k; // [Dh]
    __device__ float operator()(int d) const { return of_q[d] * of_k[d]; }
};

template <class Norm> qk_weights<!is_none<Norm>> weights_of(const Norm& q_norm, const Norm& k_norm) {
    if constexpr (is_none<Norm>) return {};
    else return {q_norm.data(), k_norm.data()};
}

struct head_moments {
    float mean, rstd;
};

/// 16 bytes of a row: those of eight rows, one after another, meet all banks once.
template <class T> using row_piece = pack<T, 16 / sizeof(T)>;

/// use(piece, d) for a lane's pieces of a row in shared memory, which begin at entry d; each of `Lanes` lanes has a
/// part.
template <int Dh, int Lanes, class T, class Use> __device__ void each_of_row(T* row, int part, Use&& use) {
    constexpr int E = 16 / sizeof(T), pieces = (Dh + E - 1) / E;
#pragma unroll 2
    for (int c = 0; c < (pieces + Lanes - 1) / Lanes; ++c)
        if (const int d = (c * Lanes + part) * E; d < Dh) use(*reinterpret_cast<row_piece<T>*>(row + d), d);
}

/// Moments of a row that `Lanes` lanes of a warp share, 32 / Lanes lanes apart (CUB sums neighbours only); the same in
/// each of them.
template <int Dh, int Lanes, class T> __device__ head_moments moments_of_head(T* row, int part) {
    float first = part == 0 ? static_cast<float>(row[0]) : 0.0f; // so that a large mean costs no digits
    first = __shfl_sync(0xffffffffu, first, lane() % (32 / Lanes));
    float sum = 0, squares = 0;
    each_of_row<Dh, Lanes>(row, part, [&](const row_piece<T> x, int d) {
#pragma unroll
        for (int v = 0; v < 16 / static_cast<int>(sizeof(T)); ++v)
            if (d + v < Dh) {
                const float moved = static_cast<float>(x.element[v]) - first;
                sum += moved;
                squares += moved * moved;
            }
    });
#pragma unroll
    for (int distance = 32 / Lanes; distance < 32; distance *= 2) {
        sum += __shfl_xor_sync(0xffffffffu, sum, distance);
        squares += __shfl_xor_sync(0xffffffffu, squares, distance);
    }
    sum /= Dh;
    return {first + sum, rsqrtf(fmaxf(squares / Dh - sum * sum, 0.0f) + static_cast<float>(ops::norm_epsilon))};
}
/// Of the warp's row `lane() % 16` among its own, which two lanes share.
template <int Dh, class Tiles> __device__ head_moments moments_of_own_head(const Tiles& memory) {
    return moments_of_head<Dh, 2>(memory.warps_own(0) + lane() % 16 * Tiles::stride, lane() / 16);
}

/// What makes logits of products of own and walked rows.
template <class Map, class Tiles> struct logits_of {
    static constexpr int Dh = Map::head_dim;
    const Map& map;
    const Tiles& memory;

    __device__ logits_of(const Map& map, const Tiles& memory) : map(map), memory(memory) {}

    /// When tiles have arrived: measures the walked rows, and makes o of the own rows if they are new.
    __device__ void arrived(bool own_too, int stage) {
        if constexpr (Map::weights_type::normed) {
            if (own_too) weigh_own_rows();
            constexpr int rows = Tiles::rows / 4, lanes = 32 / rows; // of a warp, and of a row
            const int row = warp() * rows + lane() % rows;
            const head_moments of =
                moments_of_head<Dh, lanes>(memory.walked(stage, 0) + row * Tiles::stride, lane() / rows);
            const float factor = of.rstd * map.temperature;
            if (lane() < rows) memory.scaling()[row] = float2{factor, factor * of.mean};
            __syncthreads();
        }
    }
    /// Of the lane's own row h (0, 1) and walked row j.
    __device__ float operator()(float product, int h, int j) const {
        if constexpr (!Map::weights_type::normed) return product * map.temperature;
        else {
            const float2 scaling = memory.scaling()[j];
            return product * scaling.x - memory.own_sums()[warp() * 16 + lane() / 4 + 8 * h] * scaling.y;
        }
    }
    /// d logit / d product.
    __device__ float factor(int j) const {
        if constexpr (Map::weights_type::normed) return memory.scaling()[j].x;
        else return map.temperature;
    }

  private:
    __device__ void weigh_own_rows() {
        const head_moments of = moments_of_own_head<Dh>(memory);
        __syncwarp();
        float sum = 0;
        using T = typename Tiles::type;
        each_of_row<Dh, 2>(
            memory.warps_own(0) + lane() % 16 * Tiles::stride, lane() / 16, [&](row_piece<T>& in_memory, int d) {
                row_piece<T> x = in_memory;
#pragma unroll
                for (int v = 0; v < 16 / static_cast<int>(sizeof(T)); ++v)
                    if (d + v < Dh) {
                        x.element[v] =
                            static_cast<T>((static_cast<float>(x.element[v]) - of.mean) * of.rstd * map.weights(d + v));
                        sum += static_cast<float>(x.element[v]);
                    }
                in_memory = x;
            });
        sum += __shfl_xor_sync(0xffffffffu, sum, 16);
        if (lane() < 16) memory.own_sums()[warp() * 16 + lane()] = sum;
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
template <class Map, class Tiles, int N>
__device__ void through_norm(const Map& map, const Tiles& memory, fragment<N>& u, float* z) {
    constexpr int Dh = Map::head_dim;
    const head_moments of = moments_of_own_head<Dh>(memory);
    float mean[2], rstd[2], centre[2] = {}, sum[2] = {}, along[2] = {};
    for (int h = 0; h < 2; ++h) {
        mean[h] = __shfl_sync(0xffffffffu, of.mean, lane() / 4 + 8 * h);
        rstd[h] = __shfl_sync(0xffffffffu, of.rstd, lane() / 4 + 8 * h);
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
                u.at[n][e] = v * map.weights(d);
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
