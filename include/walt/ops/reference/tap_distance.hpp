// Reference: the distance of two videos' features.
#pragma once

#include "../tap_distance.hpp"
#include "context.hpp"

#include <algorithm>
#include <cmath>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class T, int C, class Weight, class Distance, class DA>
void tap_distance_on(context&, video_view<const T, C> a, video_view<const T, C> b, Weight weight, Distance distance,
                     DA da) {
    using A = accumulate_t<T>;
    const auto weight_of = [&](int c) {
        if constexpr (is_none<Weight>) return A(1);
        else return weight(c);
    };
    const std::int64_t positions = size_of(a).positions();
    const double mean = 1.0 / static_cast<double>(std::max<std::int64_t>(1, positions));
    double sum = 0;
    for (std::int64_t p = 0; p < positions; ++p) {
        const T *one = a.data() + p * C, *other = b.data() + p * C;
        const auto inverse_length = [](const T* h) {
            A squares = 0;
            for (int c = 0; c < C; ++c) squares += static_cast<A>(h[c]) * static_cast<A>(h[c]);
            return A(1) / std::sqrt(squares + static_cast<A>(ops::tap_epsilon));
        };
        const A ra = inverse_length(one), rb = inverse_length(other);
        const auto apart = [&](int c) { return static_cast<A>(one[c]) * ra - static_cast<A>(other[c]) * rb; };
        A here = 0, along = 0; // along: <d distance / d u(a), u(a)>
        for (int c = 0; c < C; ++c) {
            here += weight_of(c) * apart(c) * apart(c);
            along += 2 * weight_of(c) * apart(c) * static_cast<A>(one[c]) * ra;
        }
        sum += static_cast<double>(here);
        if constexpr (!is_none<DA>)
            for (int c = 0; c < C; ++c)
                da.data()[p * C + c] = static_cast<T>(
                    static_cast<A>(mean) * ra * (2 * weight_of(c) * apart(c) - along * static_cast<A>(one[c]) * ra));
    }
    distance.data()[0] = static_cast<A>(mean * sum);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
