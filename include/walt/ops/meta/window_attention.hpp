// Meta: what window attention costs. Two products of L x L x dh a window and head forward, five backward.
#pragma once

#include "../parts_of_sums.hpp"
#include "../window_attention.hpp"
#include "context.hpp"

#include <algorithm>

namespace walt::meta {

namespace detail {
/// Sums of a head's numbers for every tile, and what they are added in.
template <class Shape> std::int64_t sums_of_heads(std::int64_t tiles) {
    return (tiles + parts_of_sums::of_columns(tiles)) * Shape::head_dim;
}
} // namespace detail

template <class Shape, class Qkv, class Norm, class Bias, class Images, class Out, class Lse>
void window_attention_on(context& ctx, Shape, Qkv qkv, Norm, Norm, Bias bias, Images, Out out, Lse lse) {
    ctx.count(4.0 * static_cast<double>(out.size()) * Shape::tokens, qkv, bias, out, lse);
    if constexpr (Shape::qk_norm)
        ctx.take_for_a_while(out.extent(0) * Shape::heads * 4 +
                             parts_of_sums::padded(Shape::head_dim)); // moments, weights
}
template <class Shape, class Qkv, class Norm, class Bias, class Images, class Out, class Lse, class DOut, class DQkv,
          class DNorm, class DBias>
void window_attention_grad_on(context& ctx, Shape, Qkv qkv, Norm, Norm, Bias bias, Images, Out out, Lse lse, DOut dout,
                              DQkv dqkv, DNorm, DNorm, DBias dbias) {
    ctx.count(10.0 * static_cast<double>(out.size()) * Shape::tokens, qkv, bias, out, lse, dout, dqkv, dbias);
    // A number a row and head, or five with QK norm, and its weights; then the gradients of the logits, in shares of
    // the windows that fill a large GPU, or a sum of head_dim numbers for each tile.
    constexpr std::int64_t L = Shape::tokens, rows = parts_of_sums::attention_rows, tiles = (L + rows - 1) / rows,
                           heads = Shape::heads;
    const std::int64_t windows = out.extent(0) / L;
    const std::int64_t shares =
        std::max<std::int64_t>(1, std::min(parts_of_sums::bias_blocks / (heads * tiles * tiles), windows));
    ctx.take_for_a_while(out.extent(0) * heads * (Shape::qk_norm ? 5 : 1) + parts_of_sums::padded(Shape::head_dim) +
                         std::max(shares * heads * L * L, detail::sums_of_heads<Shape>(windows * heads * tiles)));
}

} // namespace walt::meta
