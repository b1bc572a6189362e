// Reference: norms of rows.
#pragma once

#include "../row_norm.hpp"
#include "context.hpp"

#include <cmath>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <walt::row_norm Norm, class A, int R, int D, class Scale, class Shift, class T>
void row_norm_on(context&, view<const A, R, D> x, Scale scale, Shift shift, double epsilon, view<T, R, D> y) {
    for (std::int64_t r = 0; r < x.extent(0); ++r) {
        A mean = 0, squares = 0;
        if constexpr (Norm == walt::row_norm::layer) {
            for (int d = 0; d < D; ++d) mean += x(r, d);
            mean /= A(D);
        }
        for (int d = 0; d < D; ++d) squares += (x(r, d) - mean) * (x(r, d) - mean);
        const A factor = A(1) / std::sqrt(squares / A(D) + static_cast<A>(epsilon));
        for (int d = 0; d < D; ++d) {
            A value = (x(r, d) - mean) * factor * scale(d);
            if constexpr (!is_none<Shift>) value += shift(d);
            y(r, d) = static_cast<T>(value);
        }
    }
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
