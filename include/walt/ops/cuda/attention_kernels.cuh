// Attention of groups of queries to groups of keys, walked in tiles with online softmax: forward, and backward in two
// kernels that each own what they sum, so that there are no atomics. A Map says where the rows of a group's heads are,
// what bias they have, who sees whom and by what weights queries and keys are normalised (window_attention.cuh,
// cross_attention.cuh).
#pragma once

#include "attention_tiles.cuh"
#include "check.cuh"
#include "head_rows.cuh"
#include "qk_norm.cuh"

#include <cmath>

namespace walt::cuda::detail {

/// Which tile of which head of which group a block owns; tiles of one head are neighbours, so that what they walk is in
/// L2.
template <int Heads, int Tiles> struct attention_place {
    int tile = static_cast<int>(blockIdx.x) % Tiles;
    int head = static_cast<int>(blockIdx.x) / Tiles % Heads;
    std::int64_t group = static_cast<std::int64_t>(blockIdx.x) / Tiles / Heads;
    int first = tile * own_rows; ///< token of the block's first row
};
WALT_HD constexpr int tiles_of(int tokens, int rows) { return (tokens + rows - 1) / rows; }

/// The rows of the output and of its gradient, and one number for each head of each query.
template <class Map, class T> using output_rows = head_rows<T, Map::heads * Map::head_dim, Map::head_dim>;
template <class Map, class T> using query_numbers = head_rows<T, Map::heads, 1>;

/// Sum or maximum over the four lanes that share a fragment's row.
template <class Combine> __device__ float over_row(float x, Combine&& combine) {
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, 1));
    return combine(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

/// use(std::true_type) where `all` pairs of two tiles' rows are of tokens that are there and see each other, so that
/// none is asked about; else use(std::false_type).
template <class Use> __device__ void with_pairs(bool all, Use&& use) {
    if (all) use(std::true_type{});
    else use(std::false_type{});
}

template <class Map, class T> using forward_tiles = attention_tiles<T, Map::head_dim, 1, 64>;
/// As many rows at a time as leave registers for the sums.
template <class Map, class T>
inline constexpr int backward_rows = sizeof(T) == 4        ? 32
                                     : Map::head_dim > 128 ? 16
                                     : Map::head_dim > 80  ? 32
                                                           : 64;
template <class Map, class T> using backward_tiles = attention_tiles<T, Map::head_dim, 2, backward_rows<Map, T>>;

/// out and lse of one tile of queries.
template <class Map, class T>
__global__ void __launch_bounds__(attention_threads, 1) attention_kernel(const Map map, T* out, float* lse) {
    using tiles = forward_tiles<Map, T>;
    constexpr int Dh = Map::head_dim, W = tiles::rows;
    extern __shared__ __align__(128) unsigned char shared[];
    const tiles memory(shared);
    const attention_place<Map::heads, tiles_of(Map::queries, own_rows)> at;
    const int a = at.head, mine = at.first + warp() * 16, rows = min(16, Map::queries - mine);
    const auto out_row = [&](int row) { return output_rows<Map, T>{out}.at(map.query_row(at.group, mine + row), a); };
    const auto lse_of = [&](int row) {
        return query_numbers<Map, float>{lse}.at(map.query_row(at.group, mine + row), a);
    };

    load_tile<own_rows, Map::queries, Dh, tiles::depth, tiles::stride>(memory.own(0), at.first,
                                                                       [&](int i) { return map.q(at.group, a, i); });
    const bool identity = map.identity(at.group);
    const auto load = [&](int t, int stage) {
        const int first = identity ? at.first + t * W : t * W;
        load_tile<W, Map::keys, Dh, tiles::depth, tiles::stride>(memory.walked(stage, 0), first,
                                                                 [&](int j) { return map.k(at.group, a, j); });
        load_tile<W, Map::keys, Dh, tiles::depth, tiles::stride>(memory.walked(stage, 1), first,
                                                                 [&](int j) { return map.v(at.group, a, j); });
        keep_keys(map, memory, stage, at.group, a, first);
    };
    const int mark[2] = {map.query_mark(mine + lane() / 4), map.query_mark(mine + lane() / 4 + 8)};
    fragment<tiles::depth / 8> sum;
    float largest[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};
    const auto own_moments = [&](int row) { return map.q_moments(at.group, a, mine + row); };
    // Under the identity mask a query's only key is itself, so the walk is over the block's own tile.
    logits_of logit(map, memory, own_moments);
    walk<tiles>(identity ? tiles_of(own_rows, W) : tiles_of(Map::keys, W), load, [&](int t, int stage) {
        logit.arrived(t == 0, stage);
        fragment<W / 8> p;
        add_rows_by_rows<tiles::depth, tiles::stride>(p, memory.warps_own(0), memory.walked(stage, 0));
        float top[2] = {largest[0], largest[1]};
        with_pairs(!identity && all_there<16, Map::queries>(mine) && map.template all_seen<W>(at.group, t * W),
                   [&](auto pairs) {
                       p.each([&](int n, int e) {
                           const int j = p.column(n, e), key = memory.marks(stage)[j], query = mark[e / 2];
                           const bool seen =
                               decltype(pairs)::value ||
                               (key >= 0 && query >= 0 && (identity ? key == query : map.sees(at.group, query, key)));
                           p.at[n][e] = seen ? map.with_bias(logit(p.at[n][e], e / 2, j), a, query, key) : -INFINITY;
                           top[e / 2] = fmaxf(top[e / 2], p.at[n][e]);
                       });
                   });
        float scale[2], shift[2];
        for (int h = 0; h < 2; ++h) {
            top[h] = over_row(top[h], [](float x, float y) { return fmaxf(x, y); });
            shift[h] = top[h] == -INFINITY ? 0 : top[h]; // of a row that has seen no key yet
            scale[h] = power_of_2(largest[h] - shift[h]);
            largest[h] = top[h];
            total[h] *= scale[h];
        }
        p.each([&](int n, int e) { total[e / 2] += p.at[n][e] = power_of_2(p.at[n][e] - shift[e / 2]); });
        sum.each([&](int n, int e) { sum.at[n][e] *= scale[e / 2]; });
        add_fragment_by_columns<tiles::stride>(sum, p, memory.walked(stage, 1));
    });
    for (int h = 0; h < 2; ++h) {
        total[h] = over_row(total[h], [](float x, float y) { return x + y; });
        const int row = lane() / 4 + 8 * h;
        if (row < rows && lane() % 4 == 0) *lse_of(row) = (largest[h] + log2f(total[h])) * ln_2;
        total[h] = 1.0f / total[h];
    }
    sum.each([&](int n, int e) { sum.at[n][e] *= total[e / 2]; });
    store_rows<Dh, tiles::stride>(sum, memory.warps_own(0), rows, out_row);
}

/// Weight p of a logit (before its bias) and its gradient ds, from dout . v, for the map's marks. `lse` is times log2 e
/// too.
struct logit_gradient {
    float p = 0, ds = 0;
    template <class Pairs, class Map>
    __device__ logit_gradient(Pairs, const Map& map, std::int64_t group, int head, int query, int key, float logit,
                              float dp, float lse, float delta) {
        if (!Pairs::value && (query < 0 || key < 0 || !map.sees(group, query, key))) return;
        p = power_of_2(map.with_bias(logit, head, query, key) - lse);
        ds = p * (dp - delta);
    }
};

/// Waits until the own rows may be written over; with QK norm, load()s them once more as they are stored, and calls
/// use(map).
template <class Map, class Load, class Use> __device__ void finish_own_rows(const Map& map, Load&& load, Use&& use) {
    wait_for_groups<0>();
    __syncthreads(); // also where nothing was walked
    if constexpr (Map::weights_type::normed) {
        load();
        close_group();
        wait_for_groups<0>();
        __syncthreads();
        use(map);
    }
}

/// dq of one tile of queries, and with QK norm the block's part of z (qk_norm.cuh), from which the norms' gradients
/// follow.
template <class Map, class T>
__global__ void __launch_bounds__(attention_threads, 1)
    attention_dq_kernel(const Map map, const T* dout, const float* lse, const float* delta, float* z) {
    using tiles = backward_tiles<Map, T>;
    constexpr int Dh = Map::head_dim, W = tiles::rows;
    extern __shared__ __align__(128) unsigned char shared[];
    const tiles memory(shared);
    const attention_place<Map::heads, tiles_of(Map::queries, own_rows)> at;
    const int a = at.head, mine = at.first + warp() * 16;

    const auto load_queries = [&] {
        load_tile<own_rows, Map::queries, Dh, tiles::depth, tiles::stride>(
            memory.own(0), at.first, [&](int i) { return map.q(at.group, a, i); });
    };
    load_queries();
    load_tile<own_rows, Map::queries, Dh, tiles::depth, tiles::stride>(memory.own(1), at.first, [&](int i) {
        return output_rows<Map, const T>{dout}.at(map.query_row(at.group, i), a);
    });
    const auto load = [&](int t, int stage) {
        load_tile<W, Map::keys, Dh, tiles::depth, tiles::stride>(memory.walked(stage, 0), t * W,
                                                                 [&](int j) { return map.k(at.group, a, j); });
        load_tile<W, Map::keys, Dh, tiles::depth, tiles::stride>(memory.walked(stage, 1), t * W,
                                                                 [&](int j) { return map.v(at.group, a, j); });
        keep_keys(map, memory, stage, at.group, a, t * W);
    };
    int mark[2];
    float lse_of[2] = {}, delta_of[2] = {};
    for (int h = 0; h < 2; ++h) {
        const int i = mine + lane() / 4 + 8 * h;
        mark[h] = map.query_mark(i);
        if (i >= Map::queries) continue;
        lse_of[h] = log2_e * *query_numbers<Map, const float>{lse}.at(map.query_row(at.group, i), a);
        delta_of[h] = *query_numbers<Map, const float>{delta}.at(map.query_row(at.group, i), a);
    }
    fragment<tiles::depth / 8> sum;
    const auto own_moments = [&](int row) { return map.q_moments(at.group, a, mine + row); };
    logits_of logit(map, memory, own_moments);
    walk<tiles>(
        map.identity(at.group) ? 0 : tiles_of(Map::keys, W), load,
        [&](int t, int stage) { // the identity mask has no dq
            logit.arrived(t == 0, stage);
            fragment<W / 8> s, dp;
            add_rows_by_rows<tiles::depth, tiles::stride>(s, memory.warps_own(0), memory.walked(stage, 0));
            add_rows_by_rows<tiles::depth, tiles::stride>(dp, memory.warps_own(1), memory.walked(stage, 1));
            with_pairs(all_there<16, Map::queries>(mine) && map.template all_seen<W>(at.group, t * W), [&](auto pairs) {
                s.each([&](int n, int e) {
                    const int j = s.column(n, e);
                    s.at[n][e] = logit.factor(j) * logit_gradient(pairs, map, at.group, a, mark[e / 2],
                                                                  memory.marks(stage)[j], logit(s.at[n][e], e / 2, j),
                                                                  dp.at[n][e], lse_of[e / 2], delta_of[e / 2])
                                                       .ds;
                });
            });
            add_fragment_by_columns<tiles::stride>(sum, s, memory.walked(stage, 0));
        });
    logit.of_log2(sum);
    finish_own_rows(map, load_queries, [&](const auto& normed) {
        float* const warps_z = reinterpret_cast<float*>(memory.own(1)); // dout's rows are no longer needed
        through_norm(normed, memory, own_moments, sum, warps_z + warp() * Dh);
        __syncthreads();
        for (int d = static_cast<int>(threadIdx.x); d < Dh; d += attention_threads)
            z[blockIdx.x * static_cast<std::int64_t>(Dh) + d] =
                warps_z[d] + warps_z[Dh + d] + warps_z[2 * Dh + d] + warps_z[3 * Dh + d];
    });
    store_rows<Dh, tiles::stride>(sum, memory.warps_own(0), min(16, Map::queries - mine),
                                  [&](int row) { return map.dq(at.group, a, mine + row); });
}

/// dk and dv of one tile of keys, from the queries of all groups that look at it.
template <class Map, class T>
__global__ void __launch_bounds__(attention_threads, 1)
    attention_dkv_kernel(const Map map, const T* dout, const float* lse, const float* delta) {
    using tiles = backward_tiles<Map, T>;
    constexpr int Dh = Map::head_dim, W = tiles::rows, walked_tiles = tiles_of(Map::queries, W);
    extern __shared__ __align__(128) unsigned char shared[];
    const tiles memory(shared);
    const attention_place<Map::heads, tiles_of(Map::keys, own_rows)> at;
    const int a = at.head, mine = at.first + warp() * 16, rows = min(16, Map::keys - mine);
    const bool identity = map.identity(at.group);

    const auto load_keys = [&] {
        load_tile<own_rows, Map::keys, Dh, tiles::depth, tiles::stride>(memory.own(0), at.first,
                                                                        [&](int j) { return map.k(at.group, a, j); });
    };
    load_keys();
    load_tile<own_rows, Map::keys, Dh, tiles::depth, tiles::stride>(memory.own(1), at.first,
                                                                    [&](int j) { return map.v(at.group, a, j); });
    std::int64_t group = -1; // of the queries that are loaded
    const auto load = [&](int t, int stage) {
        if (t % walked_tiles == 0) group = map.next_group(at.group, group);
        const int first = t % walked_tiles * W;
        load_tile<W, Map::queries, Dh, tiles::depth, tiles::stride>(memory.walked(stage, 0), first,
                                                                    [&](int i) { return map.q(group, a, i); });
        load_tile<W, Map::queries, Dh, tiles::depth, tiles::stride>(memory.walked(stage, 1), first, [&](int i) {
            return output_rows<Map, const T>{dout}.at(map.query_row(group, i), a);
        });
        for (int i = static_cast<int>(threadIdx.x); i < W; i += attention_threads) {
            const bool there = first + i < Map::queries;
            const row_place query = map.query_row(group, first + i);
            memory.marks(stage)[i] = map.query_mark(first + i);
            if constexpr (Map::weights_type::normed)
                memory.scaling(stage)[i] = scaling_of(map, map.q_moments(group, a, first + i));
            memory.lse(stage)[i] = there ? log2_e * *query_numbers<Map, const float>{lse}.at(query, a) : 0;
            memory.delta(stage)[i] = there ? *query_numbers<Map, const float>{delta}.at(query, a) : 0;
        }
    };
    const int mark[2] = {map.key_mark(at.group, mine + lane() / 4), map.key_mark(at.group, mine + lane() / 4 + 8)};
    fragment<tiles::depth / 8> dk, dv;
    const auto own_moments = [&](int row) { return map.k_moments(at.group, a, mine + row); };
    logits_of logit(map, memory, own_moments);
    walk<tiles>(identity ? 0 : map.group_count(at.group) * walked_tiles, load, [&](int t, int stage) {
        logit.arrived(t == 0, stage);
        fragment<W / 8> s, dp; // transposed: rows are keys
        add_rows_by_rows<tiles::depth, tiles::stride>(s, memory.warps_own(0), memory.walked(stage, 0));
        add_rows_by_rows<tiles::depth, tiles::stride>(dp, memory.warps_own(1), memory.walked(stage, 1));
        with_pairs(all_there<W, Map::queries>(t % walked_tiles * W) && map.template all_seen<16>(at.group, mine),
                   [&](auto pairs) {
                       s.each([&](int n, int e) {
                           const int i = s.column(n, e);
                           const logit_gradient of(pairs, map, at.group, a, memory.marks(stage)[i], mark[e / 2],
                                                   logit(s.at[n][e], e / 2, i), dp.at[n][e], memory.lse(stage)[i],
                                                   memory.delta(stage)[i]);
                           s.at[n][e] = of.p;
                           dp.at[n][e] = of.ds * logit.factor(i);
                       });
                   });
        add_fragment_by_columns<tiles::stride>(dv, s, memory.walked(stage, 1));
        add_fragment_by_columns<tiles::stride>(dk, dp, memory.walked(stage, 0));
    });
    logit.of_log2(dk);
    finish_own_rows(map, load_keys,
                    [&](const auto& normed) { through_norm(normed, memory, own_moments, dk, nullptr); });
    store_rows<Dh, tiles::stride>(dk, memory.warps_own(0), rows,
                                  [&](int row) { return map.dk(at.group, a, mine + row); });
    const auto dv_row = [&](int row) { return map.dv(at.group, a, mine + row); };
    if (!identity) return store_rows<Dh, tiles::stride>(dv, memory.warps_own(0), rows, dv_row);
    for (int c = lane(); c < rows * Dh; c += 32) // every token's output was its own v
        dv_row(c / Dh)[c % Dh] = output_rows<Map, const T>{dout}.at(map.query_row(at.group, mine + c / Dh), a)[c % Dh];
}

/// Launches Kernel with a block for every tile of every head of `groups`.
template <class Tiles, class Kernel, class... Argument>
void launch_attention(cudaStream_t stream, const char* what, Kernel kernel, std::int64_t blocks,
                      const Argument&... argument) {
    if (blocks == 0) return;
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Tiles::shared_bytes),
          "{}: {} bytes of shared memory", what, Tiles::shared_bytes);
    kernel<<<static_cast<unsigned>(blocks), attention_threads, Tiles::shared_bytes, stream>>>(argument...);
    check(cudaGetLastError(), "{} with {} blocks", what, blocks);
}

/// dq of all groups, and the gradients of the norms' weights.
template <class Map, class T, class DNorm>
void attention_dq(context& ctx, const char* what, std::int64_t blocks, const Map& map, const T* dout, const float* lse,
                  const float* delta, DNorm dq_norm, DNorm dk_norm) {
    const auto launch = [&](float* z) {
        launch_attention<backward_tiles<Map, T>>(ctx.stream, what, attention_dq_kernel<Map, T>, blocks, map, dout, lse,
                                                 delta, z);
    };
    if constexpr (Map::weights_type::normed) {
        const arena::scope scope(ctx.arena);
        const auto z = ctx.arena.take<float, dynamic, Map::head_dim>(blocks);
        launch(z.data());
        add_weight_gradients<Map::head_dim>(ctx, what, z.data(), blocks, map.weights, dq_norm.data(), dk_norm.data());
    } else {
        launch(nullptr);
    }
}

} // namespace walt::cuda::detail
