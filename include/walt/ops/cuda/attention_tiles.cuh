// What the attention kernels share: the sizes of their tiles, how tiles get into shared memory, and the walk over them.
#pragma once

#include "../parts_of_sums.hpp"
#include "tile_products.cuh"

#include <cuda_runtime.h>

namespace walt::cuda::detail {

inline constexpr int attention_threads = 128, own_rows = parts_of_sums::attention_rows; ///< four warps of 16 rows
inline constexpr int shared_limit = 99 * 1024; ///< bytes a block may have on every chip from sm_80 on

/// How a block with `Owned` tiles of its own walks over pairs of tiles of T. Heads are padded to multiples of 16 in
/// shared memory; the stride leaves no bank conflicts (8 rows of ldmatrix, or of float4, meet all banks once).
template <class T, int Dh, int Owned, int MostRows> struct attention_tiles {
    using type = T;
    static constexpr int depth = parts_of_sums::padded(Dh), stride = depth + 16 / static_cast<int>(sizeof(T));
    static constexpr int own_elements = own_rows * stride;

    static constexpr int bytes(int rows, int stages) {
        return (Owned * own_rows + stages * 2 * rows) * stride * static_cast<int>(sizeof(T)) +
               (own_rows + 5 * stages * rows) * 4;
    }
    /// The longest tile to walk over that fits with two stages, or with one.
    static constexpr int choice() {
        for (int rows = MostRows; rows >= 16; rows /= 2)
            for (int s = 2; s > 0; --s)
                if (bytes(rows, s) <= shared_limit) return 8 * rows + s;
        return 8 * 16 + 1;
    }
    static constexpr int rows = choice() / 8, stages = choice() % 8, shared_bytes = bytes(rows, stages);
    static_assert(shared_bytes <= shared_limit, "this head size is too large for the attention kernels");

    T* memory;
    __device__ explicit attention_tiles(void* shared) : memory(static_cast<T*>(shared)) {}
    __device__ T* own(int i) const { return memory + i * own_elements; }
    __device__ T* warps_own(int i) const { return own(i) + warp() * 16 * stride; }
    __device__ T* walked(int stage, int i) const {
        return memory + Owned * own_elements + (2 * stage + i) * rows * stride;
    }
    __device__ float2* scaling(int stage) const { return reinterpret_cast<float2*>(walked(stages, 0)) + stage * rows; }
    __device__ float* own_sums() const { return reinterpret_cast<float*>(scaling(stages)); }
    __device__ int* marks(int stage) const { return reinterpret_cast<int*>(own_sums() + own_rows) + stage * rows * 3; }
    __device__ float* lse(int stage) const { return reinterpret_cast<float*>(marks(stage)) + rows; }
    __device__ float* delta(int stage) const { return lse(stage) + rows; }
};

/// Elements that one copy moves: 16 bytes where a head's rows begin on such a boundary.
template <class T, int Dh>
inline constexpr int copied_elements = Dh % (16 / sizeof(T)) == 0  ? 16 / sizeof(T)
                                       : Dh % (8 / sizeof(T)) == 0 ? 8 / sizeof(T)
                                       : Dh % 2 == 0               ? 2
                                                                   : 1;

/// Copies Elements of T without waiting for them, or zeros if not `there`.
template <int Elements, class T> __device__ void copy_later(T* to, const T* from, bool there) {
    constexpr int bytes = Elements * sizeof(T);
    if constexpr (bytes < 4) {
        *to = there ? *from : T(0.0f);
    } else {
        const auto shared = static_cast<std::uint32_t>(__cvta_generic_to_shared(to));
        if constexpr (bytes == 16)
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared), "l"(from), "r"(there ? 16 : 0)
                         : "memory");
        else
            asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared), "l"(from), "n"(bytes),
                         "r"(there ? bytes : 0)
                         : "memory");
    }
}
__device__ inline void close_group() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Left> __device__ void wait_for_groups() {
    asm volatile("cp.async.wait_group %0;" ::"n"(Left) : "memory");
}

/// Whether `Rows` rows of a block's own tile, or of one to walk over, are all among the first `Count`. Where own tiles
/// are full the compiler knows; else a warp's may begin behind the last one.
template <int Rows, int Count> __device__ bool all_there(int first) {
    static_assert(own_rows % Rows == 0);
    return Count % own_rows == 0 || first + Rows <= Count;
}

/// Rows first, first + 1, ... of `Count`, from a multiple of Rows on, into a tile of `Rows`: at(i) is where row i of a
/// head begins. The rest is zeros.
template <int Rows, int Count, int Dh, int Depth, int Stride, class T, class At>
__device__ void load_tile(T* tile, int first, At&& at) {
    constexpr int E = copied_elements<T, Dh>, pieces = Depth / E;
    constexpr bool whole = Count % own_rows == 0 && Depth == Dh; // whichever tile of Rows of an own one this is
#pragma unroll 1 // unrolled, the addresses take registers that the sums need
    for (unsigned c = threadIdx.x; c < Rows * pieces; c += attention_threads) {
        const int row = static_cast<int>(c / pieces), place = static_cast<int>(c % pieces) * E;
        T* const to = tile + row * Stride + place;
        if constexpr (whole) {
            copy_later<E>(to, at(first + row) + place, true);
        } else {
            const bool there = first + row < Count && place < Dh;
            copy_later<E>(to, at(min(first + row, Count - 1)) + (there ? place : 0), there);
        }
    }
}

/// load(t, stage) and then use(t, stage) for t in [0, count); the load of the next tile runs beside the use of this
/// one.
template <class Tiles, class Load, class Use> __device__ void walk(int count, Load&& load, Use&& use) {
    if (count > 0) load(0, 0);
    close_group();
    for (int t = 0; t < count; ++t) {
        const int stage = t % Tiles::stages;
        if (Tiles::stages == 2 && t + 1 < count) load(t + 1, 1 - stage);
        if (Tiles::stages == 2) close_group();
        wait_for_groups<Tiles::stages - 1>();
        __syncthreads();
        use(t, stage);
        __syncthreads();
        if (Tiles::stages == 1) {
            if (t + 1 < count) load(t + 1, 0);
            close_group();
        }
    }
}

/// A warp's 16 rows of results to at(row), a pointer, for the rows below `rows`. bf16 goes through the warp's own
/// shared rows, which nobody needs any more, so that whole sectors are written.
template <int Dh, int Stride, int N, class T, class At>
__device__ void store_rows(const fragment<N>& from, T* staging, int rows, At&& at) {
    if constexpr (std::is_same_v<decltype(at(0)), bf16*>) {
        constexpr int E = copied_elements<bf16, Dh>, pieces = Dh / E;
        struct alignas(2 * E) piece {
            bf16 element[E];
        };
        __syncwarp();
        from.each([&](int n, int e) {
            if (e % 2 == 0)
                *reinterpret_cast<std::uint32_t*>(staging + from.row(e) * Stride + from.column(n, e)) =
                    pair_of_bf16(from.at[n][e], from.at[n][e + 1]);
        });
        __syncwarp();
        for (int c = lane(); c < 16 * pieces; c += 32) {
            const int row = c / pieces, place = c % pieces * E;
            if (row < rows)
                *reinterpret_cast<piece*>(at(row) + place) =
                    *reinterpret_cast<const piece*>(staging + row * Stride + place);
        }
    } else {
        from.each([&](int n, int e) {
            const int row = from.row(e), column = from.column(n, e);
            if constexpr (Dh % 2 == 0) {
                if (e % 2 == 0 && row < rows && column < Dh)
                    *reinterpret_cast<float2*>(at(row) + column) = float2{from.at[n][e], from.at[n][e + 1]};
            } else {
                if (row < rows && column < Dh) at(row)[column] = from.at[n][e];
            }
        });
    }
}

} // namespace walt::cuda::detail
