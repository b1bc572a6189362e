// The gradient of the relative bias without atomics: the logits' gradients are summed over windows as whole matrices of
// [query, key], tile by tile, and each entry of the table then gathers its pairs, both in a fixed order.
#pragma once

#include "attention_kernels.cuh"
#include "reduce.cuh"

#include <algorithm>

namespace walt::cuda::detail {

/// ds[share, head, query, key], summed over the share's windows; a block has one tile of one head of one share.
template <class Map, class T>
__global__ void __launch_bounds__(attention_threads, 1)
    logit_gradient_kernel(const Map map, std::int64_t groups, int shares, const T* dout, const float* lse,
                          const float* delta, float* ds) {
    using tiles = backward_tiles<Map, T>;
    constexpr int Dh = Map::head_dim, W = tiles::rows, L = Map::queries, key_tiles = tiles_of(L, W);
    extern __shared__ __align__(128) unsigned char shared[];
    const tiles memory(shared);
    const attention_place<Map::heads, tiles_of(L, own_rows) * key_tiles> at; // its group is the share
    const int a = at.head, first_query = at.tile / key_tiles * own_rows, first_key = at.tile % key_tiles * W,
              mine = first_query + warp() * 16;
    const int mark[2] = {map.query_mark(mine + lane() / 4), map.query_mark(mine + lane() / 4 + 8)};
    fragment<W / 8> sum;
    std::int64_t g = at.group * groups / shares;
    const auto own_moments = [&](int row) { return map.q_moments(g, a, mine + row); };
    logits_of logit(map, memory, own_moments);
    for (; g < (at.group + 1) * groups / shares; ++g) {
        if (map.identity(g)) continue; // a softmax of one logit has no gradient
        __syncthreads();               // the window before this one has been read
        load_tile<own_rows, L, Dh, tiles::depth, tiles::stride>(memory.own(0), first_query,
                                                                [&](int i) { return map.q(g, a, i); });
        load_tile<own_rows, L, Dh, tiles::depth, tiles::stride>(memory.own(1), first_query, [&](int i) {
            return output_rows<Map, const T>{dout}.at(map.query_row(g, i), a);
        });
        load_tile<W, L, Dh, tiles::depth, tiles::stride>(memory.walked(0, 0), first_key,
                                                         [&](int j) { return map.k(g, a, j); });
        load_tile<W, L, Dh, tiles::depth, tiles::stride>(memory.walked(0, 1), first_key,
                                                         [&](int j) { return map.v(g, a, j); });
        keep_keys(map, memory, 0, g, a, first_key);
        close_group();
        float lse_of[2] = {}, delta_of[2] = {};
        for (int h = 0; h < 2; ++h)
            if (const int i = mine + lane() / 4 + 8 * h; i < L) {
                lse_of[h] = log2_e * *query_numbers<Map, const float>{lse}.at(map.query_row(g, i), a);
                delta_of[h] = *query_numbers<Map, const float>{delta}.at(map.query_row(g, i), a);
            }
        wait_for_groups<0>();
        __syncthreads();
        logit.arrived(true, 0);
        fragment<W / 8> s, dp;
        add_rows_by_rows<tiles::depth, tiles::stride>(s, memory.warps_own(0), memory.walked(0, 0));
        add_rows_by_rows<tiles::depth, tiles::stride>(dp, memory.warps_own(1), memory.walked(0, 1));
        with_pairs(all_there<16, L>(mine) && map.template all_seen<W>(g, first_key), [&](auto pairs) {
            s.each([&](int n, int e) {
                const int j = s.column(n, e);
                sum.at[n][e] += logit_gradient(pairs, map, g, a, mark[e / 2], memory.marks(0)[j],
                                               logit(s.at[n][e], e / 2, j), dp.at[n][e], lse_of[e / 2], delta_of[e / 2])
                                    .ds;
            });
        });
    }
    sum.each([&](int n, int e) {
        const std::int64_t i = mine + sum.row(e), j = first_key + sum.column(n, e);
        float* const to = ds + ((at.group * Map::heads + a) * L + i) * L + j;
        if constexpr (L % 2 == 0) { // whole sectors at once
            if (e % 2 == 0 && i < L && j < L) *reinterpret_cast<float2*>(to) = float2{sum.at[n][e], sum.at[n][e + 1]};
        } else {
            if (i < L && j < L) *to = sum.at[n][e];
        }
    });
}

inline constexpr int gather_warps = 4;

/// dbias[head, index] += the sum of ds over shares and over the pairs of that index. A warp has the indices of one
/// distance in time and height: it walks over the pairs of rows at that distance, a lane for each key of the row, and
/// keeps the sums of all pairs of places in the rows; those at one distance are added at the end.
template <class Shape> __global__ void gather_bias_kernel(int shares, const float* ds, float* dbias) {
    constexpr int L = Shape::tokens, Wt = Shape::window_frames, Wh = Shape::window_height, Ww = Shape::window_width;
    constexpr int run = Shape::run, distances = 2 * Ww - 1, codes = Shape::code(run - 1) + 1;
    __shared__ short place_of[codes]; // Shape::code's inverse within a frame: every frame's is the same
    __shared__ float sums[gather_warps][distances];
    static_assert(sizeof place_of + sizeof sums <= 48 << 10, "this window is too large for the bias gradient");
    for (int l = static_cast<int>(threadIdx.x); l < run; l += 32 * gather_warps)
        place_of[Shape::code(l)] = static_cast<short>(l);
    for (int d = lane(); d < distances; d += 32) sums[warp()][d] = 0;
    __syncthreads();
    const int row_distance = static_cast<int>(blockIdx.x) * gather_warps + warp(), head = static_cast<int>(blockIdx.y);
    if (row_distance >= (2 * Wt - 1) * (2 * Wh - 1)) return;
    const int dt = row_distance / (2 * Wh - 1) - (Wt - 1),
              dh = row_distance % (2 * Wh - 1) - (Wh - 1); // query minus key
    float* const sum = sums[warp()];
    for (int first = 0; first < Ww; first += 32) {
        const int column = first + lane();
        const bool there = column < Ww;
        float at[Ww] = {};
        for (int t = max(0, dt); t < Wt + min(0, dt); ++t)
            for (int h = max(0, dh); h < Wh + min(0, dh); ++h) {
                const short* queries = place_of + h * distances;
                const int key = there ? (t - dt) * run + place_of[(h - dh) * distances + column] : 0;
                for (int s = 0; s < shares; ++s) {
                    const float* of_key = ds + (static_cast<std::int64_t>(s) * Shape::heads + head) * L * L + key;
#pragma unroll
                    for (int i = 0; i < Ww; ++i)
                        if (there) at[i] += of_key[static_cast<std::int64_t>(t * run + queries[i]) * L];
                }
            }
#pragma unroll
        for (int i = 0; i < Ww; ++i) {
            if (there) sum[i - column + Ww - 1] += at[i];
            __syncwarp();
        }
    }
    for (int d = lane(); d < distances; d += 32)
        dbias[head * Shape::bias_size + row_distance * distances + d] += sum[d];
}

template <class Shape, class T, class Map>
void add_bias_gradient(context& ctx, const char* what, const Map& map, std::int64_t groups, const T* dout,
                       const float* lse, const float* delta, float* dbias) {
    if (groups == 0) return;
    using tiles = backward_tiles<Map, T>;
    static_assert(Shape::tokens <= 32767, "windows of the CUDA device have at most 32767 tokens");
    const std::int64_t L = Shape::tokens, blocks = std::int64_t{Shape::heads} * tiles_of(Shape::tokens, own_rows) *
                                                   tiles_of(Shape::tokens, tiles::rows);
    const int shares = static_cast<int>(std::clamp<std::int64_t>(parts_of_sums::bias_blocks / blocks, 1, groups));
    const arena::scope scope(ctx.arena);
    const auto ds = ctx.arena.take<float, dynamic>(shares * Shape::heads * L * L);
    launch_attention<tiles>(ctx.stream, what, logit_gradient_kernel<Map, T>, shares * blocks, map, groups, shares, dout,
                            lse, delta, ds.data());
    constexpr int row_distances = (2 * Shape::window_frames - 1) * (2 * Shape::window_height - 1);
    const dim3 grid(tiles_of(row_distances, gather_warps), Shape::heads);
    gather_bias_kernel<Shape><<<grid, 32 * gather_warps, 0, ctx.stream>>>(shares, ds.data(), dbias);
    check_launch(what, ds.size());
}

} // namespace walt::cuda::detail
