// Reference: the largest element under a window, a row of results at a time.
#pragma once

#include "../max_pool.hpp"
#include "context.hpp"

#include <limits>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Row (b, f, i) of y.
template <class T, int C>
void max_pool_row(const video_windows& windows, video_view<const T, C> x, video_view<T, C> y, std::int64_t row) {
    using A = accumulate_t<T>;
    const std::int64_t i = row % y.extent(2), f = row / y.extent(2) % y.extent(1), b = row / y.extent(2) / y.extent(1);
    const T* clip = x.data() + b * x.extent(1) * x.extent(2) * x.extent(3) * C;
    for (std::int64_t j = 0; j < y.extent(3); ++j) {
        alignas(alignment) A most[C]; // (gcc 12 takes arrays of a leaf function to be more aligned than it makes them)
        for (A& one : most) one = -std::numeric_limits<A>::infinity();
        windows.under(f, i, j, [&](std::int64_t element) {
            for (int c = 0; c < C; ++c) {
                const A value = static_cast<A>(clip[element * C + c]);
                A& so_far = most[c];
                so_far = value <= so_far || so_far != so_far ? so_far : value;
            }
            return true;
        });
        T* to = y.data() + (row * y.extent(3) + j) * C;
        for (int c = 0; c < C; ++c) to[c] = static_cast<T>(most[c]);
    }
}

/// Row (b, t, r) of dx.
template <class T, int C>
void max_pool_grad_row(const video_windows& windows, video_view<const T, C> x, video_view<const T, C> y,
                       video_view<const T, C> dy, video_view<T, C> dx, std::int64_t row) {
    using A = accumulate_t<T>;
    const std::int64_t r = row % x.extent(2), t = row / x.extent(2) % x.extent(1), b = row / x.extent(2) / x.extent(1);
    const T* clip = x.data() + b * x.extent(1) * x.extent(2) * x.extent(3) * C;
    for (std::int64_t s = 0; s < x.extent(3); ++s) {
        const std::int64_t mine = (t * x.extent(2) + r) * x.extent(3) + s;
        alignas(alignment) A sum[C] = {};
        windows.over(t, r, s, [&](std::int64_t f, std::int64_t i, std::int64_t j) {
            const std::int64_t place = ((b * y.extent(1) + f) * y.extent(2) + i) * y.extent(3) + j;
            const T *top = y.data() + place * C, *flow = dy.data() + place * C;
            alignas(alignment) A taken[C]; // dy where this element is the window's first largest, else 0
            for (int c = 0; c < C; ++c)
                taken[c] =
                    static_cast<A>(clip[mine * C + c]) == static_cast<A>(top[c]) ? static_cast<A>(flow[c]) : A(0);
            windows.under(f, i, j, [&](std::int64_t element) {
                if (element == mine) return false;
                for (int c = 0; c < C; ++c) {
                    A& still = taken[c];
                    still = static_cast<A>(clip[element * C + c]) == static_cast<A>(top[c]) ? A(0) : still;
                }
                return true;
            });
            for (int c = 0; c < C; ++c) sum[c] += taken[c];
        });
        T* to = dx.data() + (row * x.extent(3) + s) * C;
        for (int c = 0; c < C; ++c) to[c] = static_cast<T>(sum[c]);
    }
}
} // namespace detail

template <class T, int C>
void max_pool_on(context&, const conv_geometry& g, video_view<const T, C> x, video_view<T, C> y) {
    const video_windows windows(g, size_of(x));
    for (std::int64_t row = 0; row < y.extent(0) * y.extent(1) * y.extent(2); ++row)
        detail::max_pool_row(windows, x, y, row);
}

template <class T, int C>
void max_pool_grad_on(context&, const conv_geometry& g, video_view<const T, C> x, video_view<const T, C> y,
                      video_view<const T, C> dy, video_view<T, C> dx) {
    const video_windows windows(g, size_of(x));
    for (std::int64_t row = 0; row < x.extent(0) * x.extent(1) * x.extent(2); ++row)
        detail::max_pool_grad_row(windows, x, y, dy, dx, row);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
