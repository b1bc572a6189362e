// Layer norm with adaptive scale and shift, and the gated residual that closes a sub-layer (docs/model.md 1.5).
//   h [R, D] residual stream (A)   modulation [R / N, K D] (A): chunk j of frame f is modulation[f, j D : (j + 1) D]
//   y [R, D] (T)                   N tokens a frame, frames outermost: a token's modulation row is its row / N
#pragma once

#include "rules.hpp"

namespace walt {

namespace rules {
template <int Modulation, int Width> constexpr bool modulation_holds_chunks() {
    constexpr bool holds = Width > 0 && Modulation > 0 && Modulation % (Width > 0 ? Width : 1) == 0;
    static_assert(holds, "the width of a modulation must be a multiple of the rows' width (modulation == K * D)");
    return holds;
}
/// h, the modulation and y of an op here.
template <class H, class M, class Y>
inline constexpr bool modulated_shapes = same_width<H, 1, Y, 1>&& agree<H, 0, Y, 0>&& known<M, 1>&&
modulation_holds_chunks<M::static_extent(1), H::static_extent(1)>();

/// Frames against rows, and the `count` chunks from `chunk` on against K.
template <class H, class M>
void modulated_sizes(const H& h, const M& modulation, int chunk, int count, const char* op) {
    const std::int64_t frames = modulation.extent(0), rows = h.extent(0), chunks = modulation.extent(1) / h.extent(1);
    require(frames > 0 ? rows % frames == 0 : rows == 0,
            "{}: the rows of h must be a multiple of the frames of the modulation; they are {} and {}", op, rows,
            frames);
    require(chunk >= 0 && chunk + count <= chunks,
            "{}: the op reads {} chunks from chunk {} on, and the modulation has {}", op, count, chunk, chunks);
}
} // namespace rules

namespace ops {

inline constexpr double norm_epsilon = 1e-6; // docs/model.md, conventions

template <class... T> void modulated_norm_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no modulated norm (modulated_norm_on) for operands of these types");
}
/// y = LN(h) (1 + modulation[scale]) + modulation[shift]; shift is chunk `chunk`, scale the next one.
template <context Context, class H, class M, class Y>
void modulated_norm(Context& ctx, H h, M modulation, int chunk, Y y) {
    if constexpr (rules::modulated_shapes<H, M, Y>) {
        rules::equal_rows(h, y, "ops::modulated_norm: the rows of h and of y");
        rules::modulated_sizes(h, modulation, chunk, 2, "ops::modulated_norm");
        modulated_norm_on(ctx, h.read(), modulation.read(), chunk, y);
    }
}

template <class... T> void modulated_norm_grad_on(rules::any_context, ...) {
    static_assert(
        rules::device_has<T...>,
        "this device has no gradient of a modulated norm (modulated_norm_grad_on) for operands of these types");
}
/// dh += gradient through the norm; dmodulation[shift] and [scale] are assigned.
template <context Context, class H, class M, class DY, class DH, class DM>
void modulated_norm_grad(Context& ctx, H h, M modulation, int chunk, DY dy, DH dh, DM dmodulation) {
    if constexpr (rules::modulated_shapes<H, M, DY> && rules::modulated_shapes<H, DM, DH> &&
                  rules::same_width<M, 1, DM, 1>) {
        rules::equal_rows(h, dy, "ops::modulated_norm_grad: the rows of h and of dy");
        rules::equal_rows(h, dh, "ops::modulated_norm_grad: the rows of h and of dh");
        rules::equal_rows(modulation, dmodulation,
                          "ops::modulated_norm_grad: the rows of modulation and of dmodulation");
        rules::modulated_sizes(h, modulation, chunk, 2, "ops::modulated_norm_grad");
        modulated_norm_grad_on(ctx, h.read(), modulation.read(), chunk, dy.read(), dh, dmodulation);
    }
}

template <class... T> void gated_residual_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no gated residual (gated_residual_on) for operands of these types");
}
/// h_next = h + modulation[chunk] y.
template <context Context, class H, class M, class Y, class Next>
void gated_residual(Context& ctx, H h, M modulation, int chunk, Y y, Next h_next) {
    if constexpr (rules::modulated_shapes<H, M, Y> && rules::modulated_shapes<H, M, Next>) {
        rules::equal_rows(h, y, "ops::gated_residual: the rows of h and of y");
        rules::equal_rows(h, h_next, "ops::gated_residual: the rows of h and of h_next");
        rules::modulated_sizes(h, modulation, chunk, 1, "ops::gated_residual");
        gated_residual_on(ctx, h.read(), modulation.read(), chunk, y.read(), h_next);
    }
}

template <class... T> void gated_residual_grad_on(rules::any_context, ...) {
    static_assert(
        rules::device_has<T...>,
        "this device has no gradient of a gated residual (gated_residual_grad_on) for operands of these types");
}
/// dy = modulation[chunk] dh and dmodulation[chunk] = sum over the frame's tokens of dh y, both assigned. (d h = d
/// h_next.)
template <context Context, class DH, class M, class Y, class DY, class DM>
void gated_residual_grad(Context& ctx, DH dh, M modulation, int chunk, Y y, DY dy, DM dmodulation) {
    if constexpr (rules::modulated_shapes<DH, M, Y> && rules::modulated_shapes<DH, DM, DY> &&
                  rules::same_width<M, 1, DM, 1>) {
        rules::equal_rows(dh, y, "ops::gated_residual_grad: the rows of dh and of y");
        rules::equal_rows(dh, dy, "ops::gated_residual_grad: the rows of dh and of dy");
        rules::equal_rows(modulation, dmodulation,
                          "ops::gated_residual_grad: the rows of modulation and of dmodulation");
        rules::modulated_sizes(dh, modulation, chunk, 1, "ops::gated_residual_grad");
        gated_residual_grad_on(ctx, dh.read(), modulation.read(), chunk, y.read(), dy, dmodulation);
    }
}

} // namespace ops
} // namespace walt
