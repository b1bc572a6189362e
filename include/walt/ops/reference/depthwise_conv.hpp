// Reference: convolution of each channel by its own kernel, a row of results at a time.
#pragma once

#include "../depthwise_conv.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Row (b, f, i) of y. by_tap [taps, C]: the kernels, a tap of all channels behind the other.
template <class T, int C, class A>
void depthwise_row(const video_taps& windows, video_view<const T, C> x, const A* by_tap, const A* bias,
                   video_view<T, C> y, std::int64_t row) {
    const std::int64_t i = row % y.extent(2), f = row / y.extent(2) % y.extent(1), b = row / y.extent(2) / y.extent(1);
    const T* clip = x.data() + b * x.extent(1) * x.extent(2) * x.extent(3) * C;
    for (std::int64_t j = 0; j < y.extent(3); ++j) {
        alignas(alignment) A sum[C];
        for (int c = 0; c < C; ++c) sum[c] = bias[c];
        windows.under(f, i, j, [&](std::int64_t element, std::int64_t tap) {
            for (int c = 0; c < C; ++c) sum[c] += by_tap[tap * C + c] * static_cast<A>(clip[element * C + c]);
        });
        T* to = y.data() + (row * y.extent(3) + j) * C;
        for (int c = 0; c < C; ++c) to[c] = static_cast<T>(sum[c]);
    }
}
/// The kernels by tap, in the arena.
template <class A, class W> const A* kernels_by_tap(arena& from, const W& w) {
    constexpr int C = W::static_extent(0);
    const std::int64_t taps = w.size() / C;
    const auto made = from.template take<A, dynamic, C>(taps);
    for (std::int64_t tap = 0; tap < taps; ++tap)
        for (int c = 0; c < C; ++c) made(tap, c) = static_cast<A>(w.data()[c * taps + tap]);
    return made.data();
}
} // namespace detail

template <class T, int C, class W, class Bias>
void depthwise_conv_on(context& ctx, const conv_geometry& g, video_view<const T, C> x, W w, Bias bias,
                       video_view<T, C> y) {
    const arena::scope scope(ctx.arena);
    const video_taps windows(g, size_of(x));
    const auto* by_tap = detail::kernels_by_tap<accumulate_t<T>>(ctx.arena, w);
    for (std::int64_t row = 0; row < y.extent(0) * y.extent(1) * y.extent(2); ++row)
        detail::depthwise_row(windows, x, by_tap, bias.data(), y, row);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
