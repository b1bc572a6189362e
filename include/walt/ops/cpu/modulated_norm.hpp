// CPU: layer norm with adaptive scale and shift, gated residual; a frame at a time on all cores.
#pragma once

#include "../reference/modulated_norm.hpp"
#include "lane_sums.hpp"

#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <int R, int D, int M, class T>
void modulated_norm_on(context&, view<const float, R, D> h, view<const float, R, M> modulation, int chunk,
                       view<T, R, D> y) {
    const std::int64_t frames = modulation.extent(0), per_frame = h.extent(0) / std::max<std::int64_t>(1, frames);
    parallel(frames, [&](std::int64_t f) {
        const float* shift = modulation.data() + f * M + chunk * D;
        const float* scale = shift + D;
        for (std::int64_t r = f * per_frame; r < (f + 1) * per_frame; ++r) {
            const float* row = h.data() + r * D;
            T* to = y.data() + r * D;
            const auto [mean, rstd] = moments_of<D>(row);
            for (int d = 0; d < D; ++d) to[d] = static_cast<T>((row[d] - mean) * rstd * (1.0f + scale[d]) + shift[d]);
        }
    });
}

template <int R, int D, int M, class T>
void modulated_norm_grad_on(context&, view<const float, R, D> h, view<const float, R, M> modulation, int chunk,
                            view<const T, R, D> dy, view<float, R, D> dh, view<float, R, M> dmodulation) {
    const std::int64_t frames = modulation.extent(0), per_frame = h.extent(0) / std::max<std::int64_t>(1, frames);
    parallel(frames, [&](std::int64_t f) {
        const float* scale = modulation.data() + f * M + (chunk + 1) * D;
        float dshift[D] = {}, dscale[D] = {}, normal[D], g[D];
        for (std::int64_t r = f * per_frame; r < (f + 1) * per_frame; ++r) {
            const float* row = h.data() + r * D;
            const T* from = dy.data() + r * D;
            float* to = dh.data() + r * D;
            const auto [mean, rstd] = moments_of<D>(row);
            for (int d = 0; d < D; ++d) {
                const float given = static_cast<float>(from[d]);
                normal[d] = (row[d] - mean) * rstd;
                dshift[d] += given;
                dscale[d] += given * normal[d];
                g[d] = given * (1.0f + scale[d]);
            }
            const float sum = lane_sum<D>([&](int d) { return g[d]; }) / static_cast<float>(D);
            const float projection = lane_sum<D>([&](int d) { return g[d] * normal[d]; }) / static_cast<float>(D);
            for (int d = 0; d < D; ++d) to[d] += rstd * (g[d] - sum - normal[d] * projection);
        }
        float* out = dmodulation.data() + f * M + chunk * D;
        for (int d = 0; d < D; ++d) {
            out[d] = dshift[d];
            out[D + d] = dscale[d];
        }
    });
}

template <int R, int D, int M, class T>
void gated_residual_on(context&, view<const float, R, D> h, view<const float, R, M> modulation, int chunk,
                       view<const T, R, D> y, view<float, R, D> h_next) {
    const std::int64_t frames = modulation.extent(0), per_frame = h.extent(0) / std::max<std::int64_t>(1, frames);
    parallel(frames, [&](std::int64_t f) {
        const float* gate = modulation.data() + f * M + chunk * D;
        for (std::int64_t r = f * per_frame; r < (f + 1) * per_frame; ++r)
            for (int d = 0; d < D; ++d)
                h_next.data()[r * D + d] = h.data()[r * D + d] + gate[d] * static_cast<float>(y.data()[r * D + d]);
    });
}

template <int R, int D, int M, class T>
void gated_residual_grad_on(context&, view<const float, R, D> dh, view<const float, R, M> modulation, int chunk,
                            view<const T, R, D> y, view<T, R, D> dy, view<float, R, M> dmodulation) {
    const std::int64_t frames = modulation.extent(0), per_frame = dh.extent(0) / std::max<std::int64_t>(1, frames);
    parallel(frames, [&](std::int64_t f) {
        const float* gate = modulation.data() + f * M + chunk * D;
        float dgate[D] = {};
        for (std::int64_t r = f * per_frame; r < (f + 1) * per_frame; ++r) {
            const float* from = dh.data() + r * D;
            const T* out = y.data() + r * D;
            T* to = dy.data() + r * D;
            for (int d = 0; d < D; ++d) {
                dgate[d] += from[d] * static_cast<float>(out[d]);
                to[d] = static_cast<T>(gate[d] * from[d]);
            }
        }
        for (int d = 0; d < D; ++d) dmodulation.data()[f * M + chunk * D + d] = dgate[d];
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
