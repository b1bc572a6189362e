// CPU: convolution of each channel by its own kernel, rows on all cores, channels in vectors.
#pragma once

#include "../reference/depthwise_conv.hpp"
#include "context.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T, int C, class W, class Bias>
void depthwise_conv_on(context& ctx, const conv_geometry& g, video_view<const T, C> x, W w, Bias bias,
                       video_view<T, C> y) {
    const arena::scope scope(ctx.arena);
    const video_taps windows(g, size_of(x));
    const auto* by_tap = reference::detail::kernels_by_tap<float>(ctx.arena, w);
    parallel(y.extent(0) * y.extent(1) * y.extent(2), y.extent(3) * w.size(),
             [&](std::int64_t row) { reference::detail::depthwise_row(windows, x, by_tap, bias.data(), y, row); });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
