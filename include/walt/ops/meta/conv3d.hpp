// Meta: what convolutions cost. Taps that fall on the padding count too, as in the field's usual figures.
#pragma once

#include "../conv3d.hpp"
#include "context.hpp"
#include "linear.hpp"
#include "pointwise.hpp"

#include <algorithm>

namespace walt::meta {

namespace detail {
/// The most that a device takes for a pass: the input with its padding or its past written out, and two sums of the
/// output, or one for each tap along the width, as accumulators; so many kernels in a library's blocks of channels (two
/// where the processor has no AVX-512: one in float), and what that library wants.
template <class X, class W, class Y>
void take_workspace(context& ctx, const conv_geometry& g, const X& x, const W& w, const Y& y, std::int64_t kernels) {
    using A = accumulate_t<std::remove_const_t<typename X::element>>;
    constexpr std::int64_t library = std::int64_t{1} << 18;
    const auto blocked = [](std::int64_t channels, std::int64_t block) {
        return (channels + block - 1) / block * block;
    };
    const std::int64_t taps = w.extent(1) * w.extent(2) * w.extent(3);
    const arena::scope scope(ctx.arena);
    const video_size padded = padded_video(g, size_of(x)).wide();
    const std::int64_t rows = y.extent(0) * y.extent(1) * y.extent(2);
    ctx.arena.template take<A, dynamic>(padded.positions() * x.extent(4));
    ctx.arena.template take<A, dynamic>(std::max(2 * y.size(), rows * padded.width * w.extent(3) * w.extent(0)));
    ctx.arena.template take<A, dynamic>(kernels * taps * blocked(w.extent(0), 64) * blocked(w.extent(4), 16));
    ctx.arena.template take<std::byte, dynamic>(library);
}
template <class W, class Y> double convolution_flops(const W& w, const Y& y) {
    return 2.0 * static_cast<double>(w.size()) * static_cast<double>(size_of(y).positions());
}
} // namespace detail

template <class X, class W, class Bias, class Y, class Past>
void conv3d_on(context& ctx, const conv_geometry& g, X x, W w, Bias bias, Y y, Past past, bool add) {
    if (ctx.workspaces) detail::take_workspace(ctx, g, x, w, y, 2);
    ctx.count(detail::convolution_flops(w, y), x, w, bias, y, past);
    if (add) ctx.bytes += static_cast<double>(y.size()) * sizeof(typename Y::element);
}
template <class DY, class W, class DX>
void conv3d_grad_input_on(context& ctx, const conv_geometry& g, DY dy, W w, DX dx) {
    if (ctx.workspaces) detail::take_workspace(ctx, g, dx, w, dy, 2);
    ctx.count(detail::convolution_flops(w, dy), dy, w, dx);
}
template <class X, class DY, class DW, class DBias>
void conv3d_grad_weight_on(context& ctx, const conv_geometry& g, X x, DY dy, DW dw, DBias dbias) {
    if (ctx.workspaces)
        detail::take_workspace(ctx, g, x, dw, dy, 2 + convolution_sums(size_of(dy).positions(), dw.size()));
    ctx.count(detail::convolution_flops(dw, dy), x, dy, dw, dw, dbias);
}

} // namespace walt::meta
