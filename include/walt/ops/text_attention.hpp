// Attention of texts to themselves, as text encoders have it (docs/model.md 22). There is no backward pass: encoders
// are frozen.
//   q, k, v [S M, heads dh]: S texts of M positions   bias [2 M - 1, heads] (A): row key - query + M - 1 (or none)
//   valid [S, M] bytes   out [S M, heads dh]
#pragma once

#include "rules.hpp"

namespace walt {

namespace ops {

template <int Heads, class... T> void text_attention_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no attention of texts (text_attention_on) for operands of these types");
}
/// out = softmax(scale q k^T + bias) v in each head, over the valid positions of a text. What a position that is not
/// valid sees is computed too; a text that is valid nowhere gives zeros.
template <int Heads, context Context, class Q, class K, class V, class Bias, class Valid, class Out>
void text_attention(Context& ctx, Q q, K k, V v, double scale, Bias bias, Valid valid, Out out) {
    if constexpr (rules::same_width<Q, 1, K, 1> && rules::same_width<Q, 1, V, 1> && rules::same_width<Q, 1, Out, 1> &&
                  rules::width_is<Bias, 1, Heads> && rules::heads_divide_width<Q::static_extent(1), Heads>()) {
        rules::equal_rows(q, k, "ops::text_attention: the rows of q and of k");
        rules::equal_rows(q, v, "ops::text_attention: the rows of q and of v");
        rules::equal_rows(q, out, "ops::text_attention: the rows of q and of out");
        rules::equal(q.extent(0), valid.size(), "ops::text_attention: the rows of q and the positions of valid");
        if constexpr (!is_none<Bias>)
            require(bias.extent(0) == 2 * valid.extent(1) - 1,
                    "ops::text_attention: texts of {} positions have a bias of {} rows; it has {}", valid.extent(1),
                    2 * valid.extent(1) - 1, bias.extent(0));
        text_attention_on<Heads>(ctx, q.read(), k.read(), v.read(), scale, bias.read(), valid.read(), out);
    }
}

} // namespace ops
} // namespace walt
