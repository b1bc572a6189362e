// Reference: channels of one video among another's.
#pragma once

#include "../put_channels.hpp"
#include "context.hpp"

#include <algorithm>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class T, int C, int D>
void put_channels_on(context&, video_view<const T, C> x, video_view<T, D> y, int first) {
    for (std::int64_t i = 0; i < size_of(x).positions(); ++i)
        std::copy_n(x.data() + i * C, C, y.data() + i * D + first);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
