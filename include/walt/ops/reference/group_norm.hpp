// Reference: group norm of every frame, its activation, and their gradient. Sums are double: what a norm over few
// channels magnifies must not hang on the order of additions.
#pragma once

#include "../group_norm.hpp"
#include "context.hpp"

#include <array>
#include <cmath>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class Activation, class X, int C, class Scale, class U, class A, int G>
void group_norm_on(context&, Activation, video_view<const X, C> x, Scale scale, Scale shift, const frame_rows& rows,
                   video_view<U, C> y, view<A, dynamic, G, 2> statistics) {
    constexpr int width = C / G; // channels of a group
    const std::int64_t frames = x.extent(0) * x.extent(1), positions = x.extent(2) * x.extent(3);
    const double count = static_cast<double>(positions * width);
    for (std::int64_t n = 0; n < frames; ++n)
        for (int g = 0; g < G; ++g) {
            const std::int64_t start = n * positions * C + g * width;
            double sum = 0, squares = 0;
            for (std::int64_t p = 0; p < positions; ++p)
                for (int c = 0; c < width; ++c) sum += static_cast<double>(x.data()[start + p * C + c]);
            for (std::int64_t p = 0; p < positions; ++p)
                for (int c = 0; c < width; ++c) {
                    const double distance = static_cast<double>(x.data()[start + p * C + c]) - sum / count;
                    squares += distance * distance;
                }
            const A mean = static_cast<A>(sum / count);
            const A rstd = static_cast<A>(1 / std::sqrt(squares / count + ops::group_norm_epsilon));
            statistics(n, g, 0) = mean;
            statistics(n, g, 1) = rstd;
            for (std::int64_t p = 0; p < positions; ++p)
                for (int c = 0; c < width; ++c) {
                    const A normal = (static_cast<A>(x.data()[start + p * C + c]) - mean) * rstd;
                    const A affine = normal * scale(rows.of(n), g * width + c) + shift(rows.of(n), g * width + c);
                    y.data()[start + p * C + c] = static_cast<U>(Activation::value(affine));
                }
        }
}

template <class Activation, class X, int C, class Scale, class A, int G, class T, class U, class DScale>
void group_norm_grad_on(context&, Activation, video_view<const X, C> x, Scale scale, Scale shift,
                        const frame_rows& rows, view<const A, dynamic, G, 2> statistics, video_view<const T, C> dy,
                        video_view<U, C> dx, DScale dscale, DScale dshift, bool add) {
    constexpr int width = C / G;
    const std::int64_t frames = x.extent(0) * x.extent(1), positions = x.extent(2) * x.extent(3);
    const double count = static_cast<double>(positions * width);
    for (std::int64_t n = 0; n < frames; ++n)
        for (int g = 0; g < G; ++g) {
            const std::int64_t row = rows.of(n);
            const A mean = statistics(n, g, 0), rstd = statistics(n, g, 1);
            // Calls use(element, normal, gradient of the affine map's result, channel) for the group's elements.
            const auto each = [&](auto&& use) {
                for (int c = g * width; c < (g + 1) * width; ++c)
                    for (std::int64_t p = 0; p < positions; ++p) {
                        const std::int64_t i = (n * positions + p) * C + c;
                        const A normal = (static_cast<A>(x.data()[i]) - mean) * rstd;
                        const A affine = normal * scale(row, c) + shift(row, c);
                        use(i, normal, static_cast<A>(dy.data()[i]) * Activation::slope(affine), c);
                    }
            };
            double sum = 0, projection = 0; // of the gradient of `normal`, on ones and on `normal`
            std::array<double, width> scale_sum{}, shift_sum{};
            each([&](std::int64_t, A normal, A gradient, int c) {
                const double flow = static_cast<double>(gradient) * static_cast<double>(scale(row, c));
                sum += flow;
                projection += flow * static_cast<double>(normal);
                shift_sum[static_cast<std::size_t>(c % width)] += static_cast<double>(gradient);
                scale_sum[static_cast<std::size_t>(c % width)] +=
                    static_cast<double>(gradient) * static_cast<double>(normal);
            });
            for (int c = 0; c < width; ++c) {
                dshift(row, g * width + c) += static_cast<A>(shift_sum[static_cast<std::size_t>(c)]);
                dscale(row, g * width + c) += static_cast<A>(scale_sum[static_cast<std::size_t>(c)]);
            }
            const A mean_flow = static_cast<A>(sum / count), mean_projection = static_cast<A>(projection / count);
            each([&](std::int64_t i, A normal, A gradient, int c) {
                const A part = rstd * (gradient * scale(row, c) - mean_flow - normal * mean_projection);
                dx.data()[i] = static_cast<U>(part + (add ? static_cast<A>(dx.data()[i]) : A(0)));
            });
        }
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
