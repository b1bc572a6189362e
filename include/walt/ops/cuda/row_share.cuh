// A row of D numbers in the registers of a block's threads.
#pragma once

#include "elementwise.cuh"

#include <algorithm>

namespace walt::cuda::detail {

/// A thread's share: packs of neighbours, one in every `threads`. About eight numbers a thread.
template <int D> struct row_share {
    static constexpr int P = pack_of_row<D>, packs = D / P;
    static constexpr int threads = std::min(256, std::max(32, (packs * P / 8 + 31) / 32 * 32));
    static constexpr int columns = (packs + threads - 1) / threads;
    float at[columns][P] = {};

    row_share() = default;
    template <class T> __device__ explicit row_share(const T* row) {
        each_pack([&](int j, int place) {
            const auto from = reinterpret_cast<const pack<T, P>*>(row)[place];
            for (int v = 0; v < P; ++v) at[j][v] = static_cast<float>(from.element[v]);
        });
    }
    template <class T> __device__ void store(T* row) const {
        each_pack([&](int j, int place) {
            pack<T, P> to;
            for (int v = 0; v < P; ++v) to.element[v] = static_cast<T>(at[j][v]);
            reinterpret_cast<pack<T, P>*>(row)[place] = to;
        });
    }
    /// use(j, v) for each number of the share.
    template <class Use> __device__ static void each(Use&& use) {
        each_pack([&](int j, int) {
#pragma unroll
            for (int v = 0; v < P; ++v) use(j, v);
        });
    }
    /// The sum over the row of what use(j, v) returns, in every thread. Its own loop: with cub::BlockReduce ptxas
    /// spills 4 bytes of the norm of float rows of 1792, in which 224 threads keep three rows.
    template <class Use> __device__ static float sum(Use&& use) {
        float mine = 0;
        each([&](int j, int v) { mine += use(j, v); });
        for (int distance = 16; distance > 0; distance /= 2) mine += __shfl_xor_sync(0xffffffffu, mine, distance);
        if constexpr (threads > 32) {
            __shared__ float warp[threads / 32];
            __syncthreads(); // the sum before this one has been read
            if (threadIdx.x % 32 == 0) warp[threadIdx.x / 32] = mine;
            __syncthreads();
            mine = 0;
            for (int w = 0; w < threads / 32; ++w) mine += warp[w];
        }
        return mine;
    }

  private:
    template <class Use> __device__ static void each_pack(Use&& use) {
#pragma unroll
        for (int j = 0; j < columns; ++j) {
            const int place = static_cast<int>(threadIdx.x) + j * threads;
            if (packs % threads == 0 || place < packs) use(j, place);
        }
    }
};

} // namespace walt::cuda::detail
