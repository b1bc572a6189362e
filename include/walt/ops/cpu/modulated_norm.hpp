// CPU: layer norm with adaptive scale and shift, gated residual; tokens on all cores.
#pragma once

#include "../reference/modulated_norm.hpp"
#include "lane_sums.hpp"

#include <algorithm>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

/// The tokens of frames, in pieces that have sums of their own: a frame's are added in their order afterwards.
template <int D> struct token_pieces {
    static constexpr std::int64_t length = std::max<std::int64_t>(8, 2 * least_claim / D);
    std::int64_t rows, frames;
    std::int64_t per_frame = rows / std::max<std::int64_t>(1, frames), count = (per_frame + length - 1) / length;

    std::int64_t frame(std::int64_t row) const { return row / per_frame; }

    /// Calls body(frame, first row, last row, sums [Sums]) for every piece; sums are zeros before. Then the sums of
    /// every frame are assigned to out(frame) [Sums].
    template <int Sums, class Body, class Out> void sum(arena& memory, const Body& body, const Out& out) const {
        const arena::scope scope(memory);
        const auto sums = memory.take<float, dynamic, dynamic, Sums>(frames, count);
        parallel(frames * count, 4 * D * length, [&](std::int64_t i) {
            const std::int64_t f = i / count, first = f * per_frame + i % count * length;
            float* own = sums.data() + i * Sums;
            std::fill_n(own, Sums, 0.0f);
            body(f, first, std::min(first + length, (f + 1) * per_frame), own);
        });
        parallel(frames, count * Sums, [&](std::int64_t f) {
            float* to = out(f);
            const float* from = sums.data() + f * count * Sums;
            std::fill_n(to, Sums, 0.0f);
            for (std::int64_t piece = 0; piece < count; ++piece)
                for (int i = 0; i < Sums; ++i) to[i] += from[piece * Sums + i];
        });
    }
};

} // namespace detail

template <int R, int D, int M, class T>
void modulated_norm_on(context&, view<const float, R, D> h, view<const float, R, M> modulation, int chunk,
                       view<T, R, D> y) {
    const detail::token_pieces<D> tokens{h.extent(0), modulation.extent(0)};
    parallel(tokens.rows, 4 * D, [&](std::int64_t r) {
        const float* shift = modulation.data() + tokens.frame(r) * M + chunk * D;
        const float* scale = shift + D;
        const float* row = h.data() + r * D;
        T* to = y.data() + r * D;
        const auto [mean, rstd] = moments_of<D>(row);
        for (int d = 0; d < D; ++d) to[d] = static_cast<T>((row[d] - mean) * rstd * (1.0f + scale[d]) + shift[d]);
    });
}

template <int R, int D, int M, class T>
void modulated_norm_grad_on(context& ctx, view<const float, R, D> h, view<const float, R, M> modulation, int chunk,
                            view<const T, R, D> dy, view<float, R, D> dh, view<float, R, M> dmodulation) {
    const detail::token_pieces<D> tokens{h.extent(0), modulation.extent(0)};
    const auto piece = [&](std::int64_t f, std::int64_t first, std::int64_t last, float* dshift) {
        const float* scale = modulation.data() + f * M + (chunk + 1) * D;
        float *dscale = dshift + D, normal[D], g[D];
        for (std::int64_t r = first; r < last; ++r) {
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
    };
    tokens.template sum<2 * D>(ctx.arena, piece,
                               [&](std::int64_t f) { return dmodulation.data() + f * M + chunk * D; });
}

template <int R, int D, int M, class T>
void gated_residual_on(context&, view<const float, R, D> h, view<const float, R, M> modulation, int chunk,
                       view<const T, R, D> y, view<float, R, D> h_next) {
    const detail::token_pieces<D> tokens{h.extent(0), modulation.extent(0)};
    parallel(tokens.rows, D, [&](std::int64_t r) {
        const float* gate = modulation.data() + tokens.frame(r) * M + chunk * D;
        for (int d = 0; d < D; ++d)
            h_next.data()[r * D + d] = h.data()[r * D + d] + gate[d] * static_cast<float>(y.data()[r * D + d]);
    });
}

template <int R, int D, int M, class T>
void gated_residual_grad_on(context& ctx, view<const float, R, D> dh, view<const float, R, M> modulation, int chunk,
                            view<const T, R, D> y, view<T, R, D> dy, view<float, R, M> dmodulation) {
    const detail::token_pieces<D> tokens{dh.extent(0), modulation.extent(0)};
    const auto piece = [&](std::int64_t f, std::int64_t first, std::int64_t last, float* dgate) {
        const float* gate = modulation.data() + f * M + chunk * D;
        for (std::int64_t r = first; r < last; ++r) {
            const float* from = dh.data() + r * D;
            const T* out = y.data() + r * D;
            T* to = dy.data() + r * D;
            for (int d = 0; d < D; ++d) {
                dgate[d] += from[d] * static_cast<float>(out[d]);
                to[d] = static_cast<T>(gate[d] * from[d]);
            }
        }
    };
    tokens.template sum<D>(ctx.arena, piece, [&](std::int64_t f) { return dmodulation.data() + f * M + chunk * D; });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
