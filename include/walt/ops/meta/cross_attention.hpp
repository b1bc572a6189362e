// Meta: what text cross-attention costs.
#pragma once

#include "../cross_attention.hpp"
#include "../parts_of_sums.hpp"
#include "window_attention.hpp"

namespace walt::meta {

namespace detail {
/// With QK norm, mean and deviation of every head of q, of the own keys and of the texts', and the weights.
template <class Shape> std::int64_t moments_of_frames(std::int64_t rows, std::int64_t text_rows) {
    return Shape::qk_norm ? 2 * (2 * rows + text_rows) * Shape::heads + parts_of_sums::padded(Shape::head_dim) : 0;
}
} // namespace detail

template <class Shape, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out, class Lse>
void cross_attention_on(context& ctx, Shape, Q q, Kv kv, TextKv text_kv, Rows, Valid, Norm, Norm, Out out, Lse lse) {
    ctx.count(4.0 * static_cast<double>(out.size()) * (Shape::per_frame + Shape::text_tokens), q, kv, text_kv, out,
              lse);
    ctx.take_for_a_while(detail::moments_of_frames<Shape>(out.extent(0), text_kv.extent(0)));
}
template <class Shape, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out, class Lse,
          class DOut, class DQ, class DKv, class DTextKv, class DNorm>
void cross_attention_grad_on(context& ctx, Shape, Q q, Kv kv, TextKv text_kv, Rows, Valid, Norm, Norm, Out out, Lse lse,
                             DOut dout, DQ dq, DKv dkv, DTextKv dtext_kv, DNorm, DNorm) {
    ctx.count(10.0 * static_cast<double>(out.size()) * (Shape::per_frame + Shape::text_tokens), q, kv, text_kv, out,
              lse, dout, dq, dkv, dtext_kv);
    constexpr std::int64_t rows = parts_of_sums::attention_rows, tiles = (Shape::per_frame + rows - 1) / rows;
    const std::int64_t frames = out.extent(0) / Shape::per_frame;
    ctx.take_for_a_while(detail::moments_of_frames<Shape>(out.extent(0), text_kv.extent(0)) +
                         out.extent(0) * Shape::heads + detail::sums_of_heads<Shape>(frames * Shape::heads * tiles));
}

} // namespace walt::meta
