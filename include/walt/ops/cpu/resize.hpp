// CPU: bilinear resizing, rows on all cores.
#pragma once

#include "../reference/resize.hpp"
#include "context.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T, int C>
void resize_on(context&, const resize_axis& rows, const resize_axis& columns, video_view<const T, C> x,
               video_view<T, C> y) {
    parallel(y.extent(0) * y.extent(1) * y.extent(2), y.extent(3) * C * 8,
             [&](std::int64_t row) { reference::detail::resize_row(rows, columns, x, y, row); });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
