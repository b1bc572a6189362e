// CPU: the largest element under a window, rows on all cores.
#pragma once

#include "../reference/max_pool.hpp"
#include "context.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T, int C>
void max_pool_on(context&, const conv_geometry& g, video_view<const T, C> x, video_view<T, C> y) {
    const video_windows windows(g, size_of(x));
    const std::int64_t taps = std::int64_t{g.time.kernel} * g.height.kernel * g.width.kernel;
    parallel(y.extent(0) * y.extent(1) * y.extent(2), y.extent(3) * C * taps,
             [&](std::int64_t row) { reference::detail::max_pool_row(windows, x, y, row); });
}

template <class T, int C>
void max_pool_grad_on(context&, const conv_geometry& g, video_view<const T, C> x, video_view<const T, C> y,
                      video_view<const T, C> dy, video_view<T, C> dx) {
    const video_windows windows(g, size_of(x));
    const std::int64_t taps = std::int64_t{g.time.kernel} * g.height.kernel * g.width.kernel;
    parallel(x.extent(0) * x.extent(1) * x.extent(2), x.extent(3) * C * taps,
             [&](std::int64_t row) { reference::detail::max_pool_grad_row(windows, x, y, dy, dx, row); });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
