// Window attention (paper sec. 4.2, docs/model.md 1.5): softmax attention inside non-overlapping windows, with QK norm,
// relative bias and the identity mask of image samples. Tokens lie in window-major order, so windows are read where
// they are.
//   qkv [R, 3 D] read as (q, k, v) x heads x dh    q_norm, k_norm [dh] (or none)    rel_bias [heads, table]
//   is_image [B]    out [R, D]    lse [R, heads]: log of the softmax's denominator, kept for backward
// Shape is a walt::attention_shape; R = B F N.
#pragma once

#include "../config/window.hpp"
#include "rules.hpp"

namespace walt {

namespace rules {
/// The operands of window attention, or their gradients; none{} for what is left out.
template <class Shape, class Qkv, class QNorm, class KNorm, class Bias, class Out, class Lse>
inline constexpr bool window_shapes = width_is<Qkv, 1, 3 * Shape::width>&& width_is<Out, 1, Shape::width>&&
    width_is<Lse, 1, Shape::heads>&& width_is<QNorm, 0, Shape::head_dim>&& width_is<KNorm, 0, Shape::head_dim>&&
        width_is<Bias, 0, Shape::heads>&& width_is<Bias, 1, Shape::bias_size>;

template <class Shape, class Qkv, class Images, class Out, class Lse>
void window_sizes(const Qkv& qkv, const Images& is_image, const Out& out, const Lse& lse, const char* op) {
    const std::int64_t rows = qkv.extent(0), tokens = is_image.extent(0) * Shape::frames * Shape::per_frame;
    require(rows == tokens, "{}: the rows of qkv and the tokens of all samples must be equal; they are {} and {}", op,
            rows, tokens);
    require(rows == out.extent(0), "{}: the rows of qkv and of out must be equal; they are {} and {}", op, rows,
            out.extent(0));
    require(rows == lse.extent(0), "{}: the rows of qkv and of lse must be equal; they are {} and {}", op, rows,
            lse.extent(0));
}
} // namespace rules

namespace ops {

template <class... T> void window_attention_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no window attention (window_attention_on) for operands of these types");
}
/// out = softmax(norm(q) norm(k)^T / sqrt(dh) + bias) v in every window.
template <class Shape, context Context, class Qkv, class Norm, class Bias, class Images, class Out, class Lse>
void window_attention(Context& ctx, Qkv qkv, Norm q_norm, Norm k_norm, Bias rel_bias, Images is_image, Out out,
                      Lse lse) {
    if constexpr (rules::window_shapes<Shape, Qkv, Norm, Norm, Bias, Out, Lse>) {
        rules::window_sizes<Shape>(qkv, is_image, out, lse, "ops::window_attention");
        window_attention_on(ctx, Shape{}, qkv.read(), q_norm.read(), k_norm.read(), rel_bias.read(), is_image.read(),
                            out, lse);
    }
}

template <class... T> void window_attention_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no gradient of window attention "
                                           "(window_attention_grad_on) for operands of these types");
}
/// dqkv is assigned; dq_norm, dk_norm and drel_bias are added to. Each may be unwanted (rules::wanted).
template <class Shape, context Context, class Qkv, class Norm, class Bias, class Images, class Out, class Lse,
          class DOut, class DQkv, class DQNorm, class DKNorm, class DBias>
void window_attention_grad(Context& ctx, Qkv qkv, Norm q_norm, Norm k_norm, Bias rel_bias, Images is_image, Out out,
                           Lse lse, DOut dout, DQkv dqkv, DQNorm dq_norm, DKNorm dk_norm, DBias drel_bias) {
    if constexpr (rules::window_shapes<Shape, Qkv, Norm, Norm, Bias, Out, Lse> &&
                  rules::window_shapes<Shape, DQkv, DQNorm, DKNorm, DBias, DOut, none>) {
        rules::window_sizes<Shape>(qkv, is_image, out, lse, "ops::window_attention_grad");
        rules::equal_rows(qkv, dout, "ops::window_attention_grad: the rows of qkv and of dout");
        rules::equal_rows(qkv, dqkv, "ops::window_attention_grad: the rows of qkv and of dqkv");
        if (!rules::wanted(ctx, dqkv, dq_norm, dk_norm, drel_bias)) return;
        const arena::scope scope(ctx.arena);
        window_attention_grad_on(ctx, Shape{}, qkv.read(), q_norm.read(), k_norm.read(), rel_bias.read(),
                                 is_image.read(), out.read(), lse.read(), dout.read(),
                                 rules::or_scratch(ctx, dqkv, qkv), rules::or_scratch(ctx, dq_norm, q_norm),
                                 rules::or_scratch(ctx, dk_norm, k_norm), rules::or_scratch(ctx, drel_bias, rel_bias));
    }
}

} // namespace ops
} // namespace walt
