// Text cross-attention (paper sec. 4.3, spec 1.5): the tokens of a frame look at themselves and at the text's
// positions.
//   q [R, D]    kv [R, 2 D]: k then v of the frame's own tokens    text_kv [S M, 2 D]: of S texts of M positions
//   text_row [R / N]: which text a frame has    text_valid [S M]    q_norm, k_norm [dh] (or none)
//   out [R, D]    lse [R, heads]
// Shape is a walt::cross_shape. A video's text is projected once however many frames share it. No relative bias.
#pragma once

#include "../config/window.hpp"
#include "rules.hpp"

namespace walt::ops {

/// out = softmax(norm(q) norm([k; text k])^T / sqrt(dh)) [v; text v]; invalid text positions get no weight.
template <class Shape, class Context, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out,
          class Lse>
void cross_attention(Context& ctx, Q q, Kv kv, TextKv text_kv, Rows text_row, Valid text_valid, Norm q_norm,
                     Norm k_norm, Out out, Lse lse) {
    if constexpr (rules::extents_agree<Q::static_extent(1), Shape::width>::value &&
                  rules::extents_agree<Kv::static_extent(1), 2 * Shape::width>::value && rules::agree<Q, 1, Out, 1>) {
        rules::equal(q.extent(0), text_row.extent(0) * Shape::per_frame,
                     "ops::cross_attention: the rows of q and the tokens of all frames");
        rules::equal(text_kv.extent(0), text_valid.extent(0),
                     "ops::cross_attention: the rows of text_kv and of text_valid");
        cross_attention_on(ctx, Shape{}, q.read(), kv.read(), text_kv.read(), text_row.read(), text_valid.read(),
                           q_norm.read(), k_norm.read(), out, lse);
    }
}

/// dq, dkv and dtext_kv are assigned (the last summed over the frames that share a text); dq_norm, dk_norm are added
/// to.
template <class Shape, class Context, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out,
          class Lse, class DOut, class DQ, class DKv, class DTextKv, class DNorm>
void cross_attention_grad(Context& ctx, Q q, Kv kv, TextKv text_kv, Rows text_row, Valid text_valid, Norm q_norm,
                          Norm k_norm, Out out, Lse lse, DOut dout, DQ dq, DKv dkv, DTextKv dtext_kv, DNorm dq_norm,
                          DNorm dk_norm) {
    if constexpr (rules::agree<Q, 1, DQ, 1> && rules::agree<Kv, 1, DKv, 1> && rules::agree<Out, 1, DOut, 1>)
        cross_attention_grad_on(ctx, Shape{}, q.read(), kv.read(), text_kv.read(), text_row.read(), text_valid.read(),
                                q_norm.read(), k_norm.read(), out.read(), lse.read(), dout.read(), dq, dkv, dtext_kv,
                                dq_norm, dk_norm);
}

} // namespace walt::ops
