// CPU: blur and halve, rows on all cores, channels in vectors.
#pragma once

#include "../reference/blur.hpp"
#include "context.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {
template <bool Back, class From, class To> void blur_rows(const blur_axes& axes, const From& from, const To& to) {
    const std::int64_t width = to.extent(3), cost = (Back ? 8 : 27) * To::static_extent(4); // parts of a position
    parallel(to.extent(0) * to.extent(1) * to.extent(2), width * cost, [&](std::int64_t row) {
        for (std::int64_t i = row * width; i < (row + 1) * width; ++i)
            reference::detail::blur_position<Back>(axes, from, to, i);
    });
}
} // namespace detail

template <class X, class Y> void blur_on(context&, const blur_axes& axes, X x, Y y) {
    detail::blur_rows<false>(axes, x, y);
}

template <class DY, class DX> void blur_grad_on(context&, const blur_axes& axes, DY dy, DX dx) {
    detail::blur_rows<true>(axes, dy, dx);
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
