// Meta: what a convolution of each channel costs. Taps that fall on the padding count too.
#pragma once

#include "../depthwise_conv.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class W, class Bias, class Y>
void depthwise_conv_on(context& ctx, const conv_geometry&, X x, W w, Bias bias, Y y) {
    if (ctx.workspaces) {
        const arena::scope scope(ctx.arena);
        ctx.arena.template take<accumulate_t<std::remove_const_t<typename X::element>>, dynamic>(w.size());
    }
    ctx.count(2.0 * static_cast<double>(w.size()) * static_cast<double>(size_of(y).positions()), x, w, bias, y);
}

} // namespace walt::meta
