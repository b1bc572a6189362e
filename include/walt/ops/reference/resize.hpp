// Reference: bilinear resizing, a row at a time.
#pragma once

#include "../resize.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Row (b, f, i) of y.
template <class T, int C>
void resize_row(const resize_axis& rows, const resize_axis& columns, video_view<const T, C> x, video_view<T, C> y,
                std::int64_t row) {
    using A = accumulate_t<T>;
    const resize_axis::place of_row = rows.at(row % rows.to);
    const T* frame = x.data() + row / rows.to * rows.from * columns.from * C;
    const T *upper = frame + of_row.below * columns.from * C, *lower = frame + of_row.above * columns.from * C;
    const A down = static_cast<A>(of_row.share);
    for (std::int64_t j = 0; j < columns.to; ++j) {
        const resize_axis::place of_column = columns.at(j);
        const A right = static_cast<A>(of_column.share);
        const auto across = [&](const T* line, int c) {
            const A left_one = static_cast<A>(line[of_column.below * C + c]),
                    right_one = static_cast<A>(line[of_column.above * C + c]);
            return left_one + right * (right_one - left_one);
        };
        for (int c = 0; c < C; ++c) {
            const A top = across(upper, c), bottom = across(lower, c);
            y.data()[(row * columns.to + j) * C + c] = static_cast<T>(top + down * (bottom - top));
        }
    }
}
} // namespace detail

template <class T, int C>
void resize_on(context&, const resize_axis& rows, const resize_axis& columns, video_view<const T, C> x,
               video_view<T, C> y) {
    for (std::int64_t row = 0; row < y.extent(0) * y.extent(1) * y.extent(2); ++row)
        detail::resize_row(rows, columns, x, y, row);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
