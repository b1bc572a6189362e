// Meta: what modulated norms and gated residuals cost.
#pragma once

#include "../modulated_norm.hpp"
#include "context.hpp"

namespace walt::meta {

template <class H, class M, class Y> void modulated_norm_on(context& ctx, H h, M m, int, Y y) { ctx.count(0, h, m, y); }
template <class H, class M, class DY, class DH, class DM>
void modulated_norm_grad_on(context& ctx, H h, M m, int, DY dy, DH dh, DM dm) {
    ctx.count(0, h, m, dy, dh, dh, dm);
}
template <class H, class M, class Y, class Next> void gated_residual_on(context& ctx, H h, M m, int, Y y, Next next) {
    ctx.count(0, h, m, y, next);
}
template <class DH, class M, class Y, class DY, class DM>
void gated_residual_grad_on(context& ctx, DH dh, M m, int, Y y, DY dy, DM dm) {
    ctx.count(0, dh, m, y, dy, dm);
}

} // namespace walt::meta
