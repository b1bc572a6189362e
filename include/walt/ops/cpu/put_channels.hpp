// CPU: channels of one video among another's, rows on all cores.
#pragma once

#include "../reference/put_channels.hpp"
#include "context.hpp"

#include <algorithm>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T, int C, int D>
void put_channels_on(context&, video_view<const T, C> x, video_view<T, D> y, int first) {
    const std::int64_t width = x.extent(3);
    parallel(x.extent(0) * x.extent(1) * x.extent(2), width * C, [&](std::int64_t row) {
        for (std::int64_t i = row * width; i < (row + 1) * width; ++i)
            std::copy_n(x.data() + i * C, C, y.data() + i * D + first);
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
