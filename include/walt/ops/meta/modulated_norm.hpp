// Meta: what modulated norms and gated residuals cost.
#pragma once

#include "../modulated_norm.hpp"
#include "../parts_of_sums.hpp"
#include "context.hpp"

namespace walt::meta {

namespace detail {
/// A row of `width` for each of a frame's parts.
template <class H, class M> void take_parts_of_frames(context& ctx, H h, M m, std::int64_t width) {
    const std::int64_t frames = m.extent(0), rows = parts_of_sums::rows_of_a_block(h.extent(0));
    if (frames > 0) ctx.take_for_a_while(frames * ((h.extent(0) / frames + rows - 1) / rows) * width);
}
} // namespace detail

template <class H, class M, class Y> void modulated_norm_on(context& ctx, H h, M m, int, Y y) { ctx.count(0, h, m, y); }
template <class H, class M, class DY, class DH, class DM>
void modulated_norm_grad_on(context& ctx, H h, M m, int, DY dy, DH dh, DM dm) {
    ctx.count(0, h, m, dy, dh, dh, dm);
    detail::take_parts_of_frames(ctx, h, m, 2 * h.extent(1)); // of shift and scale
}
template <class H, class M, class Y, class Next> void gated_residual_on(context& ctx, H h, M m, int, Y y, Next next) {
    ctx.count(0, h, m, y, next);
}
template <class DH, class M, class Y, class DY, class DM>
void gated_residual_grad_on(context& ctx, DH dh, M m, int, Y y, DY dy, DM dm) {
    ctx.count(0, dh, m, y, dy, dm);
    detail::take_parts_of_frames(ctx, dh, m, dh.extent(1));
}

} // namespace walt::meta
