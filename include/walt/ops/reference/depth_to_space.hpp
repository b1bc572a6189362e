// Reference: depth to space, runs of neighbours at a time.
#pragma once

#include "../depth_to_space.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Calls visit(element of x, element of y) for the first of Space C neighbours that lie together in both; -1 for y
/// where x's frame is dropped. `row` counts the rows (b, f, h) of x.
template <int Time, int Space, class Deep, class Wide, class Visit>
void each_run(const Deep& x, const Wide& y, std::int64_t row, Visit&& visit) {
    constexpr int C = Wide::static_extent(4);
    const std::int64_t height = x.extent(2), width = x.extent(3), dropped = x.extent(1) * Time - y.extent(1);
    const std::int64_t h = row % height, f = row / height % x.extent(1), b = row / height / x.extent(1);
    for (int t = 0; t < Time; ++t)
        for (int i = 0; i < Space; ++i) {
            const std::int64_t frame = f * Time + t - dropped;
            const std::int64_t to = ((b * y.extent(1) + frame) * y.extent(2) + Space * h + i) * y.extent(3) * C;
            for (std::int64_t w = 0; w < width; ++w)
                visit(((row * width + w) * Time * Space * Space + (t * Space + i) * Space) * C,
                      frame < 0 ? -1 : to + Space * w * C);
        }
}
} // namespace detail

template <int Time, int Space, class X, class Y> void depth_to_space_on(context&, X x, Y y) {
    using U = typename Y::element;
    for (std::int64_t row = 0; row < x.extent(0) * x.extent(1) * x.extent(2); ++row)
        detail::each_run<Time, Space>(x, y, row, [&](std::int64_t from, std::int64_t to) {
            if (to < 0) return;
            for (int c = 0; c < Space * Y::static_extent(4); ++c)
                y.data()[to + c] = static_cast<U>(static_cast<accumulate_t<U>>(x.data()[from + c]));
        });
}

template <int Time, int Space, class DY, class DX> void depth_to_space_grad_on(context&, DY dy, DX dx) {
    using U = typename DX::element;
    using A = accumulate_t<U>;
    for (std::int64_t row = 0; row < dx.extent(0) * dx.extent(1) * dx.extent(2); ++row)
        detail::each_run<Time, Space>(dx, dy, row, [&](std::int64_t to, std::int64_t from) {
            for (int c = 0; c < Space * DY::static_extent(4); ++c)
                dx.data()[to + c] = static_cast<U>(from < 0 ? A(0) : static_cast<A>(dy.data()[from + c]));
        });
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
