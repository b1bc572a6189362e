// CUDA: statistics of latent frames and the latent's normalisation. Latents are small: a block per frame and channel.
#pragma once

#include "../latent_statistics.hpp"
#include "block_sum.cuh"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {
template <int C>
__global__ void latent_statistics_kernel(const float* z, std::int64_t positions, float* mean, float* deviation) {
    constexpr int threads = threads_per_block;
    const std::int64_t row = blockIdx.x; // (frame, channel)
    const float* x = z + row / C * positions * C + row % C;
    float sum = 0, squares = 0;
    for (std::int64_t p = threadIdx.x; p < positions; p += threads) sum += x[p * C];
    const float centre = block_sum<threads>(sum) / static_cast<float>(positions);
    for (std::int64_t p = threadIdx.x; p < positions; p += threads)
        squares += (x[p * C] - centre) * (x[p * C] - centre);
    squares = block_sum<threads>(squares);
    if (threadIdx.x != 0) return;
    mean[row] = centre;
    deviation[row] = sqrtf(squares / static_cast<float>(positions) + static_cast<float>(ops::latent_epsilon));
}

template <int C> struct latent_statistics_slope {
    const float *z, *mean, *deviation, *dmean, *ddeviation;
    float* dz;
    std::int64_t positions;
    __device__ void operator()(std::int64_t i) const {
        const std::int64_t row = i / (positions * C) * C + i % C;
        dz[i] += (dmean[row] + ddeviation[row] * (z[i] - mean[row]) / deviation[row]) / static_cast<float>(positions);
    }
};

template <int C, bool Inverse> struct normalise_element {
    const float *x, *mean, *deviation;
    float* y;
    __device__ void operator()(std::int64_t i) const {
        const int c = static_cast<int>(i % C);
        y[i] = Inverse ? x[i] * deviation[c] + mean[c] : (x[i] - mean[c]) / deviation[c];
    }
};
} // namespace detail

template <int C>
void latent_statistics_on(context& ctx, video_view<const float, C> z, view<float, dynamic, C> mean,
                          view<float, dynamic, C> deviation) {
    if (mean.size() == 0) return;
    detail::latent_statistics_kernel<C><<<static_cast<unsigned>(mean.size()), threads_per_block, 0, ctx.stream>>>(
        z.data(), z.extent(2) * z.extent(3), mean.data(), deviation.data());
    check_launch("ops::latent_statistics", z.size());
}

template <int C>
void latent_statistics_grad_on(context& ctx, video_view<const float, C> z, view<const float, dynamic, C> mean,
                               view<const float, dynamic, C> deviation, view<const float, dynamic, C> dmean,
                               view<const float, dynamic, C> ddeviation, video_view<float, C> dz) {
    const std::int64_t positions = z.extent(2) * z.extent(3);
    each(ctx, "ops::latent_statistics_grad", z.size(),
         detail::latent_statistics_slope<C>{z.data(), mean.data(), deviation.data(), dmean.data(), ddeviation.data(),
                                            dz.data(), positions});
}

template <int C>
void normalise_on(context& ctx, video_view<const float, C> x, view<const float, C> mean, view<const float, C> deviation,
                  video_view<float, C> y) {
    each(ctx, "ops::normalise", x.size(),
         detail::normalise_element<C, false>{x.data(), mean.data(), deviation.data(), y.data()});
}

template <int C>
void denormalise_on(context& ctx, video_view<const float, C> x, view<const float, C> mean,
                    view<const float, C> deviation, video_view<float, C> y) {
    each(ctx, "ops::denormalise", x.size(),
         detail::normalise_element<C, true>{x.data(), mean.data(), deviation.data(), y.data()});
}

} // namespace walt::cuda
