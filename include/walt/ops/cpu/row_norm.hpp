// CPU: norms of rows, on all cores.
#pragma once

#include "../reference/row_norm.hpp"
#include "lane_sums.hpp"

#include <cmath>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <walt::row_norm Norm, int R, int D, class Scale, class Shift, class T>
void row_norm_on(context&, view<const float, R, D> x, Scale scale, Shift shift, double epsilon, view<T, R, D> y) {
    parallel(x.extent(0), 3 * D, [&](std::int64_t r) {
        const float* row = x.data() + r * D;
        T* to = y.data() + r * D;
        float mean = 0;
        if constexpr (Norm == walt::row_norm::layer)
            mean = lane_sum<D>([&](int d) { return row[d]; }) / static_cast<float>(D);
        const float squares = lane_sum<D>([&](int d) { return (row[d] - mean) * (row[d] - mean); });
        const float factor = 1.0f / std::sqrt(squares / static_cast<float>(D) + static_cast<float>(epsilon));
        for (int d = 0; d < D; ++d) {
            float value = (row[d] - mean) * factor * scale.data()[d];
            if constexpr (!is_none<Shift>) value += shift.data()[d];
            to[d] = static_cast<T>(value);
        }
    });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
