// Reference: the mean under a window, a row of results at a time.
#pragma once

#include "../average_pool.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Row (b, f, i) of y.
template <class T, int C>
void average_pool_row(const video_windows& windows, video_view<const T, C> x, video_view<T, C> y, std::int64_t row) {
    using A = accumulate_t<T>;
    const std::int64_t i = row % y.extent(2), f = row / y.extent(2) % y.extent(1), b = row / y.extent(2) / y.extent(1);
    const T* clip = x.data() + b * x.extent(1) * x.extent(2) * x.extent(3) * C;
    for (std::int64_t j = 0; j < y.extent(3); ++j) {
        alignas(alignment) A sum[C] = {};
        std::int64_t count = 0;
        windows.under(f, i, j, [&](std::int64_t element) {
            for (int c = 0; c < C; ++c) sum[c] += static_cast<A>(clip[element * C + c]);
            ++count;
            return true;
        });
        T* to = y.data() + (row * y.extent(3) + j) * C;
        for (int c = 0; c < C; ++c) to[c] = static_cast<T>(sum[c] / static_cast<A>(count));
    }
}
} // namespace detail

template <class T, int C>
void average_pool_on(context&, const conv_geometry& g, video_view<const T, C> x, video_view<T, C> y) {
    const video_windows windows(g, size_of(x));
    for (std::int64_t row = 0; row < y.extent(0) * y.extent(1) * y.extent(2); ++row)
        detail::average_pool_row(windows, x, y, row);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
