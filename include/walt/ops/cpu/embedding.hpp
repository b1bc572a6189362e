// CPU: position tables on all cores.
#pragma once

#include "../reference/embedding.hpp"
#include "context.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class Order, int R, int D, class Space, class Time, class Images>
void add_positions_on(context&, view<float, R, D> h, Space space, Time time, Images is_image) {
    const std::int64_t frames = time.extent(0);
    parallel(h.extent(0), 2 * D, [&](std::int64_t r) {
        const std::int64_t f = r / Order::tokens;
        const float* when = time.data() + (is_image(f / frames) ? 0 : f % frames) * D;
        const float* where = space.data() + std::int64_t{Order::row_major(static_cast<int>(r % Order::tokens))} * D;
        float* row = h.data() + r * D;
        for (int d = 0; d < D; ++d) row[d] += where[d] + when[d];
    });
}

/// Over places for the space table and over columns for the time table, so that no sum is shared between threads.
template <class Order, int R, int D, class Images, class DSpace, class DTime>
void add_positions_grad_on(context&, view<const float, R, D> dh, Images is_image, DSpace dspace, DTime dtime) {
    const std::int64_t all = dh.extent(0) / Order::tokens, frames = dtime.extent(0);
    parallel(Order::tokens, all * D, [&](std::int64_t p) {
        float* place = dspace.data() + static_cast<std::int64_t>(Order::row_major(static_cast<int>(p))) * D;
        for (std::int64_t f = 0; f < all; ++f) {
            const float* row = dh.data() + (f * Order::tokens + p) * D;
            for (int d = 0; d < D; ++d) place[d] += row[d];
        }
    });
    parallel_pieces(
        D, 64,
        [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t f = 0; f < all; ++f) {
                float sum[64] = {};
                for (int p = 0; p < Order::tokens; ++p) {
                    const float* row = dh.data() + (f * Order::tokens + p) * D;
                    for (std::int64_t d = first; d < last; ++d) sum[d - first] += row[d];
                }
                float* when = dtime.data() + (is_image(f / frames) ? 0 : f % frames) * D;
                for (std::int64_t d = first; d < last; ++d) when[d] += sum[d - first];
            }
        },
        dh.extent(0));
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
