// Meta: what window attention costs. Two products of L x L x dh a window and head forward, five backward.
#pragma once

#include "../window_attention.hpp"
#include "context.hpp"

namespace walt::meta {

template <class Shape, class Qkv, class Norm, class Bias, class Images, class Out, class Lse>
void window_attention_on(context& ctx, Shape, Qkv qkv, Norm, Norm, Bias bias, Images, Out out, Lse lse) {
    ctx.count(4.0 * static_cast<double>(out.size()) * Shape::tokens, qkv, bias, out, lse);
}
template <class Shape, class Qkv, class Norm, class Bias, class Images, class Out, class Lse, class DOut, class DQkv,
          class DNorm, class DBias>
void window_attention_grad_on(context& ctx, Shape, Qkv qkv, Norm, Norm, Bias bias, Images, Out out, Lse lse, DOut dout,
                              DQkv dqkv, DNorm, DNorm, DBias dbias) {
    ctx.count(10.0 * static_cast<double>(out.size()) * Shape::tokens, qkv, bias, out, lse, dout, dqkv, dbias);
}

} // namespace walt::meta
