// Reference: statistics of latent frames and the latent's normalisation. (Latents are small: the cpu device uses
// these.)
#pragma once

#include "../latent_statistics.hpp"
#include "context.hpp"

#include <cmath>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class A, int C>
void latent_statistics_on(context&, video_view<const A, C> z, view<A, dynamic, C> mean, view<A, dynamic, C> deviation) {
    const std::int64_t positions = z.extent(2) * z.extent(3);
    for (std::int64_t n = 0; n < mean.extent(0); ++n)
        for (int c = 0; c < C; ++c) {
            const A* x = z.data() + n * positions * C + c;
            A sum = 0, squares = 0;
            for (std::int64_t p = 0; p < positions; ++p) sum += x[p * C];
            mean(n, c) = sum / static_cast<A>(positions);
            for (std::int64_t p = 0; p < positions; ++p) squares += (x[p * C] - mean(n, c)) * (x[p * C] - mean(n, c));
            deviation(n, c) = std::sqrt(squares / static_cast<A>(positions) + static_cast<A>(ops::latent_epsilon));
        }
}

template <class A, int C>
void latent_statistics_grad_on(context&, video_view<const A, C> z, view<const A, dynamic, C> mean,
                               view<const A, dynamic, C> deviation, view<const A, dynamic, C> dmean,
                               view<const A, dynamic, C> ddeviation, video_view<A, C> dz) {
    const std::int64_t positions = z.extent(2) * z.extent(3);
    for (std::int64_t n = 0; n < mean.extent(0); ++n)
        for (std::int64_t p = 0; p < positions; ++p)
            for (int c = 0; c < C; ++c) {
                const std::int64_t i = (n * positions + p) * C + c;
                dz.data()[i] += (dmean(n, c) + ddeviation(n, c) * (z.data()[i] - mean(n, c)) / deviation(n, c)) /
                                static_cast<A>(positions);
            }
}

template <class A, int C>
void normalise_on(context&, video_view<const A, C> x, view<const A, C> mean, view<const A, C> deviation,
                  video_view<A, C> y) {
    for (std::int64_t i = 0; i < x.size(); ++i) y.data()[i] = (x.data()[i] - mean(i % C)) / deviation(i % C);
}

template <class A, int C>
void denormalise_on(context&, video_view<const A, C> x, view<const A, C> mean, view<const A, C> deviation,
                    video_view<A, C> y) {
    for (std::int64_t i = 0; i < x.size(); ++i) y.data()[i] = x.data()[i] * deviation(i % C) + mean(i % C);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
