// Window attention (paper sec. 4.2, spec 1.5): softmax attention inside non-overlapping windows, with QK norm, relative
// bias and the identity mask of image samples. Tokens lie in window-major order, so windows are read where they are.
//   qkv [R, 3 D] read as (q, k, v) x heads x dh    q_norm, k_norm [dh] (or none)    rel_bias [heads, table]
//   is_image [B]    out [R, D]    lse [R, heads]: log of the softmax's denominator, kept for backward
// Shape is a walt::attention_shape; R = B F N.
#pragma once

#include "../config/window.hpp"
#include "rules.hpp"

namespace walt::ops {

/// out = softmax(norm(q) norm(k)^T / sqrt(dh) + bias) v in every window.
template <class Shape, class Context, class Qkv, class Norm, class Bias, class Images, class Out, class Lse>
void window_attention(Context& ctx, Qkv qkv, Norm q_norm, Norm k_norm, Bias rel_bias, Images is_image, Out out,
                      Lse lse) {
    if constexpr (rules::extents_agree<Qkv::static_extent(1), 3 * Shape::width>::value &&
                  rules::extents_agree<Out::static_extent(1), Shape::width>::value &&
                  rules::extents_agree<Bias::static_extent(1), Shape::bias_size>::value) {
        rules::equal(qkv.extent(0), is_image.extent(0) * Shape::frames * Shape::per_frame,
                     "ops::window_attention: the rows of qkv and the tokens of all samples");
        window_attention_on(ctx, Shape{}, qkv.read(), q_norm.read(), k_norm.read(), rel_bias.read(), is_image.read(),
                            out, lse);
    }
}

/// dqkv is assigned; dq_norm, dk_norm and drel_bias are added to.
template <class Shape, class Context, class Qkv, class Norm, class Bias, class Images, class Out, class Lse, class DOut,
          class DQkv, class DNorm, class DBias>
void window_attention_grad(Context& ctx, Qkv qkv, Norm q_norm, Norm k_norm, Bias rel_bias, Images is_image, Out out,
                           Lse lse, DOut dout, DQkv dqkv, DNorm dq_norm, DNorm dk_norm, DBias drel_bias) {
    if constexpr (rules::agree<Qkv, 1, DQkv, 1> && rules::agree<Out, 1, DOut, 1> && rules::agree<Bias, 1, DBias, 1>)
        window_attention_grad_on(ctx, Shape{}, qkv.read(), q_norm.read(), k_norm.read(), rel_bias.read(),
                                 is_image.read(), out.read(), lse.read(), dout.read(), dqkv, dq_norm, dk_norm,
                                 drel_bias);
}

} // namespace walt::ops
