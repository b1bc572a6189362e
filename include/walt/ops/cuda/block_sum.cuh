// Sums over a block's threads, by CUB.
#pragma once

#include <cub/block/block_reduce.cuh>
#include <cub/warp/warp_reduce.cuh>

#include <cstdint>

namespace walt::cuda {

/// The sum over the warp's lanes, in lane 0.
template <class A> __device__ A warp_sum(A value) {
    __shared__ typename cub::WarpReduce<A>::TempStorage storage; // empty: shuffles do it
    return cub::WarpReduce<A>(storage).Sum(value);
}

/// The sum over the block's Threads (a multiple of 32) threads, in each of them. (Thread 0 adds the warps' sums and
/// tells the others: 0.8 of the instructions of each thread adding them for itself, and 14 registers instead of 18.)
template <int Threads, class A> __device__ A block_sum(A value) {
    static_assert(Threads % 32 == 0);
    if constexpr (Threads == 32) return __shfl_sync(0xffffffffu, warp_sum(value), 0);
    else {
        using reduction = cub::BlockReduce<A, Threads, cub::BLOCK_REDUCE_WARP_REDUCTIONS>;
        __shared__ typename reduction::TempStorage storage;
        __shared__ A all;
        value = reduction(storage).Sum(value); // thread 0 has it when all threads have come, and read the sum before
        if (threadIdx.x == 0) all = value;
        __syncthreads();
        return all;
    }
}

namespace detail {
inline constexpr int sum_threads = 512; ///< of a block that walks over a sample or a frame

/// The sum of use(i) over [first, last) by the block's threads, in double.
template <class Use> __device__ double walked_sum(std::int64_t first, std::int64_t last, Use&& use) {
    double sum = 0;
    for (std::int64_t i = first + threadIdx.x; i < last; i += sum_threads) sum += use(i);
    return block_sum<sum_threads>(sum);
}
} // namespace detail

} // namespace walt::cuda
