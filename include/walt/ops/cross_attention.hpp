// Text cross-attention (paper sec. 4.3, docs/model.md 1.5): the tokens of a frame look at themselves and at the text's
// positions.
//   q [R, D]    kv [R, 2 D]: k then v of the frame's own tokens    text_kv [S M, 2 D]: of S texts of M positions
//   text_row [R / N]: which text a frame has    text_valid [S M]    q_norm, k_norm [dh] (or none)
//   out [R, D]    lse [R, heads]
// Shape is a walt::cross_shape. A video's text is projected once however many frames share it. No relative bias.
// text_row lies in the device's memory, where the front cannot look without waiting: that its texts exist is up to the
// caller. The reference and the CPU check it.
#pragma once

#include "../config/window.hpp"
#include "rules.hpp"

namespace walt {

namespace rules {
/// The operands of cross-attention, or their gradients; none{} for what is left out.
template <class Shape, class Q, class Kv, class TextKv, class QNorm, class KNorm, class Out, class Lse>
inline constexpr bool cross_shapes = width_is<Q, 1, Shape::width>&& width_is<Kv, 1, 2 * Shape::width>&&
    width_is<TextKv, 1, 2 * Shape::width>&& width_is<QNorm, 0, Shape::head_dim>&& width_is<KNorm, 0, Shape::head_dim>&&
        width_is<Out, 1, Shape::width>&& width_is<Lse, 1, Shape::heads>;

template <class Shape, class Q, class Kv, class TextKv, class Rows, class Valid, class Out, class Lse>
void cross_sizes(const Q& q, const Kv& kv, const TextKv& text_kv, const Rows& text_row, const Valid& text_valid,
                 const Out& out, const Lse& lse, const char* op) {
    const std::int64_t rows = q.extent(0), tokens = text_row.extent(0) * Shape::per_frame;
    require(rows == tokens, "{}: the rows of q and the tokens of all frames must be equal; they are {} and {}", op,
            rows, tokens);
    require(rows == kv.extent(0), "{}: the rows of q and of kv must be equal; they are {} and {}", op, rows,
            kv.extent(0));
    require(rows == out.extent(0), "{}: the rows of q and of out must be equal; they are {} and {}", op, rows,
            out.extent(0));
    require(rows == lse.extent(0), "{}: the rows of q and of lse must be equal; they are {} and {}", op, rows,
            lse.extent(0));
    require(text_kv.extent(0) == text_valid.extent(0),
            "{}: the rows of text_kv and of text_valid must be equal; they are {} and {}", op, text_kv.extent(0),
            text_valid.extent(0));
    require(text_kv.extent(0) % Shape::text_tokens == 0,
            "{}: the rows of text_kv must be a multiple of the positions of a text; they are {} and {}", op,
            text_kv.extent(0), Shape::text_tokens);
}
} // namespace rules

namespace ops {

template <class... T> void cross_attention_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no cross-attention (cross_attention_on) for operands of these types");
}
/// out = softmax(norm(q) norm([k; text k])^T / sqrt(dh)) [v; text v]; invalid text positions get no weight.
template <class Shape, context Context, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out,
          class Lse>
void cross_attention(Context& ctx, Q q, Kv kv, TextKv text_kv, Rows text_row, Valid text_valid, Norm q_norm,
                     Norm k_norm, Out out, Lse lse) {
    if constexpr (rules::cross_shapes<Shape, Q, Kv, TextKv, Norm, Norm, Out, Lse>) {
        rules::cross_sizes<Shape>(q, kv, text_kv, text_row, text_valid, out, lse, "ops::cross_attention");
        cross_attention_on(ctx, Shape{}, q.read(), kv.read(), text_kv.read(), text_row.read(), text_valid.read(),
                           q_norm.read(), k_norm.read(), out, lse);
    }
}

template <class... T> void cross_attention_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no gradient of cross-attention "
                                           "(cross_attention_grad_on) for operands of these types");
}
/// dq, dkv and dtext_kv are assigned (the last summed over the frames that share a text); dq_norm, dk_norm are added
/// to. Each may be unwanted (rules::wanted).
template <class Shape, context Context, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out,
          class Lse, class DOut, class DQ, class DKv, class DTextKv, class DQNorm, class DKNorm>
void cross_attention_grad(Context& ctx, Q q, Kv kv, TextKv text_kv, Rows text_row, Valid text_valid, Norm q_norm,
                          Norm k_norm, Out out, Lse lse, DOut dout, DQ dq, DKv dkv, DTextKv dtext_kv, DQNorm dq_norm,
                          DKNorm dk_norm) {
    if constexpr (rules::cross_shapes<Shape, Q, Kv, TextKv, Norm, Norm, Out, Lse> &&
                  rules::cross_shapes<Shape, DQ, DKv, DTextKv, DQNorm, DKNorm, DOut, none>) {
        rules::cross_sizes<Shape>(q, kv, text_kv, text_row, text_valid, out, lse, "ops::cross_attention_grad");
        rules::equal_rows(q, dout, "ops::cross_attention_grad: the rows of q and of dout");
        rules::equal_rows(q, dq, "ops::cross_attention_grad: the rows of q and of dq");
        rules::equal_rows(kv, dkv, "ops::cross_attention_grad: the rows of kv and of dkv");
        rules::equal_rows(text_kv, dtext_kv, "ops::cross_attention_grad: the rows of text_kv and of dtext_kv");
        if (!rules::wanted(ctx, dq, dkv, dtext_kv, dq_norm, dk_norm)) return;
        const arena::scope scope(ctx.arena);
        cross_attention_grad_on(ctx, Shape{}, q.read(), kv.read(), text_kv.read(), text_row.read(), text_valid.read(),
                                q_norm.read(), k_norm.read(), out.read(), lse.read(), dout.read(),
                                rules::or_scratch(ctx, dq, q), rules::or_scratch(ctx, dkv, kv),
                                rules::or_scratch(ctx, dtext_kv, text_kv), rules::or_scratch(ctx, dq_norm, q_norm),
                                rules::or_scratch(ctx, dk_norm, k_norm));
    }
}

} // namespace ops
} // namespace walt
