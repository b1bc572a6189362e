// CPU: the mean under a window, rows on all cores.
#pragma once

#include "../reference/average_pool.hpp"
#include "context.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T, int C>
void average_pool_on(context&, const conv_geometry& g, video_view<const T, C> x, video_view<T, C> y) {
    const video_windows windows(g, size_of(x));
    const std::int64_t taps = std::int64_t{g.time.kernel} * g.height.kernel * g.width.kernel;
    parallel(y.extent(0) * y.extent(1) * y.extent(2), y.extent(3) * C * taps,
             [&](std::int64_t row) { reference::detail::average_pool_row(windows, x, y, row); });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
