// Sums that vectorise and still have one order: sixteen partial sums side by side, added at the end.
#pragma once

#include "../reference/modulated_norm.hpp"
#include "context.hpp"

#include <cmath>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// Sum over d of f(d), 0 <= d < D.
template <int D, class F> inline float lane_sum(F&& f) {
    constexpr int lanes = 16;
    float part[lanes] = {};
    int d = 0;
    for (; d + lanes <= D; d += lanes)
        for (int l = 0; l < lanes; ++l) part[l] += f(d + l);
    float sum = 0;
    for (int l = 0; l < lanes; ++l) sum += part[l];
    for (; d < D; ++d) sum += f(d);
    return sum;
}

struct row_moments {
    float mean, rstd;
};

/// Mean and 1 / standard deviation of D floats.
template <int D> inline row_moments moments_of(const float* x) {
    const float mean = lane_sum<D>([&](int d) { return x[d]; }) / static_cast<float>(D);
    const float squares = lane_sum<D>([&](int d) { return (x[d] - mean) * (x[d] - mean); });
    return {mean, 1.0f / std::sqrt(squares / static_cast<float>(D) + static_cast<float>(ops::norm_epsilon))};
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
