// Meta: what text cross-attention costs.
#pragma once

#include "../cross_attention.hpp"
#include "context.hpp"

namespace walt::meta {

template <class Shape, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out, class Lse>
void cross_attention_on(context& ctx, Shape, Q q, Kv kv, TextKv text_kv, Rows, Valid, Norm, Norm, Out out, Lse lse) {
    ctx.count(4.0 * static_cast<double>(out.size()) * (Shape::per_frame + Shape::text_tokens), q, kv, text_kv, out,
              lse);
}
template <class Shape, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out, class Lse,
          class DOut, class DQ, class DKv, class DTextKv, class DNorm>
void cross_attention_grad_on(context& ctx, Shape, Q q, Kv kv, TextKv text_kv, Rows, Valid, Norm, Norm, Out out, Lse lse,
                             DOut dout, DQ dq, DKv dkv, DTextKv dtext_kv, DNorm, DNorm) {
    ctx.count(10.0 * static_cast<double>(out.size()) * (Shape::per_frame + Shape::text_tokens), q, kv, text_kv, out,
              lse, dout, dq, dkv, dtext_kv);
    const std::int64_t tiles = (Shape::per_frame + 63) / 64, frames = out.extent(0) / Shape::per_frame;
    ctx.take_for_a_while(out.extent(0) * Shape::heads + frames * Shape::heads * tiles * Shape::head_dim);
}

} // namespace walt::meta
