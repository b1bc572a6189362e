// CPU: depth to space, rows on all cores.
#pragma once

#include "../reference/depth_to_space.hpp"
#include "context.hpp"

#include <cstring>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <int Time, int Space, class X, class Y> void depth_to_space_on(context&, X x, Y y) {
    using U = typename Y::element;
    parallel(x.extent(0) * x.extent(1) * x.extent(2), x.extent(3) * x.extent(4), [&](std::int64_t row) {
        reference::detail::each_run<Time, Space>(x, y, row, [&](std::int64_t from, std::int64_t to) {
            if (to < 0) return;
#pragma omp simd
            for (int c = 0; c < Space * Y::static_extent(4); ++c)
                y.data()[to + c] = static_cast<U>(static_cast<float>(x.data()[from + c]));
        });
    });
}

template <int Time, int Space, class DY, class DX> void depth_to_space_grad_on(context&, DY dy, DX dx) {
    using U = typename DX::element;
    parallel(dx.extent(0) * dx.extent(1) * dx.extent(2), dx.extent(3) * dx.extent(4), [&](std::int64_t row) {
        reference::detail::each_run<Time, Space>(dx, dy, row, [&](std::int64_t to, std::int64_t from) {
            if (from < 0) std::memset(static_cast<void*>(dx.data() + to), 0, Space * DY::static_extent(4) * sizeof(U));
            else
#pragma omp simd
                for (int c = 0; c < Space * DY::static_extent(4); ++c)
                    dx.data()[to + c] = static_cast<U>(static_cast<float>(dy.data()[from + c]));
        });
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
