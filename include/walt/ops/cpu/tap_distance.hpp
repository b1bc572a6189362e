// CPU: the distance of two videos' features on all cores, with sums of fixed pieces added in order.
#pragma once

#include "../reference/tap_distance.hpp"
#include "lane_sums.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T, int C, class Weight, class Distance, class DA>
void tap_distance_on(context&, video_view<const T, C> a, video_view<const T, C> b, Weight weight, Distance distance,
                     DA da) {
    constexpr std::int64_t piece = std::max(1, 16384 / C);
    const std::int64_t positions = size_of(a).positions();
    const double mean = 1.0 / static_cast<double>(std::max<std::int64_t>(1, positions));
    std::vector<double> sums(static_cast<std::size_t>((positions + piece - 1) / piece));
    const auto weight_of = [&](int c) {
        if constexpr (is_none<Weight>) return 1.0f;
        else return weight(c);
    };
    const auto sum_piece = [&](std::int64_t first, std::int64_t last) {
        double& sum = sums[static_cast<std::size_t>(first / piece)];
        for (std::int64_t p = first; p < last; ++p) {
            float u[C], apart[C]; // u(a), and then the gradient of the distance by it
            const auto unit = [&](const T* h, float* to) {
                for (int c = 0; c < C; ++c) to[c] = static_cast<float>(h[c]);
                const float squares = lane_sum<C>([&](int c) { return to[c] * to[c]; });
                const float inverse = 1.0f / std::sqrt(squares + static_cast<float>(ops::tap_epsilon));
                for (int c = 0; c < C; ++c) to[c] *= inverse;
                return inverse;
            };
            const float ra = unit(a.data() + p * C, u);
            unit(b.data() + p * C, apart);
            for (int c = 0; c < C; ++c) apart[c] = u[c] - apart[c];
            sum += static_cast<double>(lane_sum<C>([&](int c) { return weight_of(c) * apart[c] * apart[c]; }));
            if constexpr (!is_none<DA>) {
                for (int c = 0; c < C; ++c) apart[c] *= 2 * weight_of(c);
                const float along = lane_sum<C>([&](int c) { return apart[c] * u[c]; });
                T* to = da.data() + p * C;
                const float scale = static_cast<float>(mean) * ra;
                for (int c = 0; c < C; ++c) to[c] = static_cast<T>(scale * (apart[c] - along * u[c]));
            }
        }
    };
    parallel_pieces(positions, piece, sum_piece, 4 * C);
    double sum = 0;
    for (const double part : sums) sum += part;
    distance.data()[0] = static_cast<float>(mean * sum);
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
