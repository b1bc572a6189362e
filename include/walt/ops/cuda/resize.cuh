// CUDA: bilinear resizing, an element a thread.
#pragma once

#include "../resize.hpp"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {
template <class T, int C> struct resize_element {
    resize_axis rows, columns;
    const T* x;
    T* y;
    __device__ void operator()(std::int64_t i) const {
        const std::int64_t c = i % C, j = i / C % columns.to, row = i / C / columns.to;
        const resize_axis::place of_row = rows.at(row % rows.to), of_column = columns.at(j);
        const T* frame = x + row / rows.to * rows.from * columns.from * C + c;
        const float right = static_cast<float>(of_column.share), down = static_cast<float>(of_row.share);
        const auto across = [&](std::int64_t line) {
            const float left_one = static_cast<float>(frame[(line * columns.from + of_column.below) * C]),
                        right_one = static_cast<float>(frame[(line * columns.from + of_column.above) * C]);
            return left_one + right * (right_one - left_one);
        };
        const float top = across(of_row.below), bottom = across(of_row.above);
        y[i] = static_cast<T>(top + down * (bottom - top));
    }
};
} // namespace detail

template <class T, int C>
void resize_on(context& ctx, const resize_axis& rows, const resize_axis& columns, video_view<const T, C> x,
               video_view<T, C> y) {
    each(ctx, "ops::resize", y.size(), detail::resize_element<T, C>{rows, columns, x.data(), y.data()});
}

} // namespace walt::cuda
