// Reference: blur and halve.
#pragma once

#include "../blur.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Adds a position's share to sums. (No lambda: nvcc lets none of the host's into a function for both.)
template <int C, class A, class From> struct add_share {
    const From* from;
    A* sum;
    WALT_HD void operator()(std::int64_t at, float share) const {
        for (int c = 0; c < C; ++c) sum[c] += static_cast<A>(share) * static_cast<A>(from[at * C + c]);
    }
};

/// One position of `to`: the shares of all that it is made of in `from`.
template <bool Back, class From, class To>
void blur_position(const blur_axes& axes, const From& from, const To& to, std::int64_t position) {
    using A = accumulate_t<typename To::element>;
    constexpr int C = To::static_extent(4);
    alignas(alignment) A sum[C] = {};
    axes.each_part<Back>(position, add_share<C, A, typename From::element>{from.data(), sum});
    for (int c = 0; c < C; ++c) to.data()[position * C + c] = static_cast<typename To::element>(sum[c]);
}
} // namespace detail

template <class X, class Y> void blur_on(context&, const blur_axes& axes, X x, Y y) {
    for (std::int64_t i = 0; i < size_of(y).positions(); ++i) detail::blur_position<false>(axes, x, y, i);
}

template <class DY, class DX> void blur_grad_on(context&, const blur_axes& axes, DY dy, DX dx) {
    for (std::int64_t i = 0; i < size_of(dx).positions(); ++i) detail::blur_position<true>(axes, dy, dx, i);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
