// Meta: what attention of texts costs.
#pragma once

#include "../text_attention.hpp"
#include "context.hpp"

namespace walt::meta {

template <int Heads, class Q, class K, class V, class Bias, class Valid, class Out>
void text_attention_on(context& ctx, Q q, K k, V v, double, Bias, Valid valid, Out out) {
    ctx.count(4.0 * static_cast<double>(out.size()) * static_cast<double>(valid.extent(1)), q, k, v, out);
}

} // namespace walt::meta
