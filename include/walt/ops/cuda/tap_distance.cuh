// CUDA: the distance of two videos' features, a warp for each position; sums over positions in double, in two stages.
#pragma once

#include "../tap_distance.hpp"
#include "block_sum.cuh"
#include "elementwise.cuh"
#include "sums.cuh"

#include <algorithm>

namespace walt::cuda {

namespace detail {
/// The sum over the warp's lanes, in each of them.
__device__ inline float sum_of_all_lanes(float value) { return __shfl_sync(0xffffffffu, warp_sum(value), 0); }

/// part[block] = the block's share of the distance. A warp walks over positions, its lanes over channels.
template <class T, int C, bool Weighted, bool Gradient>
__global__ void tap_distance_kernel(const T* a, const T* b, const float* weight, std::int64_t positions, T* da,
                                    double* part) {
    constexpr int warps = threads_per_block / 32;
    const double mean = 1.0 / static_cast<double>(positions);
    const int lane = static_cast<int>(threadIdx.x % 32);
    double sum = 0;
    for (std::int64_t p = std::int64_t{blockIdx.x} * warps + threadIdx.x / 32; p < positions;
         p += std::int64_t{gridDim.x} * warps) {
        const T *one = a + p * C, *other = b + p * C;
        float squares = 0, other_squares = 0;
        for (int c = lane; c < C; c += 32) {
            const float x = static_cast<float>(one[c]), y = static_cast<float>(other[c]);
            squares += x * x;
            other_squares += y * y;
        }
        const float epsilon = static_cast<float>(ops::tap_epsilon);
        const float ra = 1.0f / sqrtf(sum_of_all_lanes(squares) + epsilon),
                    rb = 1.0f / sqrtf(sum_of_all_lanes(other_squares) + epsilon);
        const auto slope = [&](int c) { // of the distance by u(a), without the mean
            const float apart = static_cast<float>(one[c]) * ra - static_cast<float>(other[c]) * rb;
            return Weighted ? 2.0f * weight[c] * apart : 2.0f * apart;
        };
        float here = 0, along = 0;
        for (int c = lane; c < C; c += 32) {
            const float apart = static_cast<float>(one[c]) * ra - static_cast<float>(other[c]) * rb, by_u = slope(c);
            here += 0.5f * by_u * apart;
            along += by_u * static_cast<float>(one[c]) * ra;
        }
        sum += static_cast<double>(here);
        if constexpr (Gradient) {
            along = sum_of_all_lanes(along);
            const float scale = static_cast<float>(mean) * ra;
            for (int c = lane; c < C; c += 32)
                da[p * C + c] = static_cast<T>(scale * (slope(c) - along * static_cast<float>(one[c]) * ra));
        }
    }
    sum = block_sum<threads_per_block>(sum);
    if (threadIdx.x == 0) part[blockIdx.x] = mean * sum;
}
} // namespace detail

template <class T, int C, class Weight, class Distance, class DA>
void tap_distance_on(context& ctx, video_view<const T, C> a, video_view<const T, C> b, Weight weight, Distance distance,
                     DA da) {
    constexpr bool weighted = !is_none<Weight>, gradient = !is_none<DA>;
    const std::int64_t positions = size_of(a).positions();
    const arena::scope scope(ctx.arena);
    const unsigned blocks = std::min(1024u, blocks_for(positions * 32));
    const auto part = ctx.arena.take<double, dynamic>(blocks);
    if (blocks > 0) {
        const float* weights = nullptr;
        T* slope = nullptr;
        if constexpr (weighted) weights = weight.data();
        if constexpr (gradient) slope = da.data();
        detail::tap_distance_kernel<T, C, weighted, gradient>
            <<<blocks, threads_per_block, 0, ctx.stream>>>(a.data(), b.data(), weights, positions, slope, part.data());
        check_launch("ops::tap_distance", a.size());
    }
    assign_sum(ctx, "ops::tap_distance", part.data(), blocks, distance.data());
}

} // namespace walt::cuda
