// Layer norm with adaptive scale and shift, and the gated residual that closes a sub-layer (spec 1.5).
//   h [R, D] residual stream (A)   modulation [R / N, K D] (A): chunk j of frame f is modulation[f, j D : (j + 1) D]
//   y [R, D] (T)                   N tokens a frame, frames outermost: a token's modulation row is its row / N
#pragma once

#include "rules.hpp"

namespace walt::ops {

inline constexpr double norm_epsilon = 1e-6; // spec, conventions

/// y = LN(h) (1 + modulation[scale]) + modulation[shift]; shift is chunk `chunk`, scale the next one.
template <class Context, class H, class M, class Y>
void modulated_norm(Context& ctx, H h, M modulation, int chunk, Y y) {
    if constexpr (rules::agree<H, 1, Y, 1>) modulated_norm_on(ctx, h.read(), modulation.read(), chunk, y);
}

/// dh += gradient through the norm; dmodulation[shift] and [scale] are assigned.
template <class Context, class H, class M, class DY, class DH, class DM>
void modulated_norm_grad(Context& ctx, H h, M modulation, int chunk, DY dy, DH dh, DM dmodulation) {
    if constexpr (rules::agree<H, 1, DY, 1> && rules::agree<H, 1, DH, 1>)
        modulated_norm_grad_on(ctx, h.read(), modulation.read(), chunk, dy.read(), dh, dmodulation);
}

/// h_next = h + modulation[chunk] y.
template <class Context, class H, class M, class Y, class Next>
void gated_residual(Context& ctx, H h, M modulation, int chunk, Y y, Next h_next) {
    if constexpr (rules::agree<H, 1, Y, 1> && rules::agree<H, 1, Next, 1>)
        gated_residual_on(ctx, h.read(), modulation.read(), chunk, y.read(), h_next);
}

/// dy = modulation[chunk] dh and dmodulation[chunk] = sum over the frame's tokens of dh y, both assigned. (d h = d
/// h_next.)
template <class Context, class DH, class M, class Y, class DY, class DM>
void gated_residual_grad(Context& ctx, DH dh, M modulation, int chunk, Y y, DY dy, DM dmodulation) {
    if constexpr (rules::agree<DH, 1, Y, 1> && rules::agree<DH, 1, DY, 1>)
        gated_residual_grad_on(ctx, dh.read(), modulation.read(), chunk, y.read(), dy, dmodulation);
}

} // namespace walt::ops
