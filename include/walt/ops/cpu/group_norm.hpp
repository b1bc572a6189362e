// CPU: group norm with its activation in two sweeps over a frame, forward and backward, on all cores.
#pragma once

#include "../reference/group_norm.hpp"
#include "context.hpp"
#include "vector_math.hpp"

#include <algorithm>
#include <cmath>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

/// to = value. (A bf16 as a whole would keep compilers from vectorising `omp simd` loops.)
template <class U> void store(U& to, float value) {
    if constexpr (std::is_same_v<U, bf16>) to.bits = bf16(value).bits;
    else to = value;
}

/// A frame is summed in pieces of a fixed size, and those are added in order: the same bits for any number of threads.
template <int C> struct frame_pieces {
    static constexpr std::int64_t length = C < 256 ? 16384 / C : 64; // positions: what a first-level cache holds twice
    /// Channels that are swept together, so that their sums stay in registers.
    static constexpr int lanes = C % 64 == 0 ? 64 : C % 32 == 0 ? 32 : C % 16 == 0 ? 16 : C;
    std::int64_t positions;

    std::int64_t count() const { return (positions + length - 1) / length; }
    std::int64_t first(std::int64_t piece) const { return piece * length; }
    std::int64_t last(std::int64_t piece) const { return std::min(positions, (piece + 1) * length); }

    /// sweep_1 on every piece of a frame, between(frame), then sweep_2: a frame at a time, still in cache for the
    /// second sweep, if there are enough frames for all cores.
    template <class First, class Between, class Second>
    void sweep(std::int64_t frames, First&& sweep_1, Between&& between, Second&& sweep_2) const {
        const std::int64_t pieces = count();
        if (frames >= 2 * threads()) {
            parallel(frames, 8 * C * positions, [&](std::int64_t n) {
                for (std::int64_t k = 0; k < pieces; ++k) sweep_1(n, k);
                between(n);
                for (std::int64_t k = 0; k < pieces; ++k) sweep_2(n, k);
            });
        } else {
            parallel(frames * pieces, 4 * C * std::min(length, positions),
                     [&](std::int64_t i) { sweep_1(i / pieces, i % pieces); });
            parallel(frames, pieces * C, between);
            parallel(frames * pieces, 4 * C * std::min(length, positions),
                     [&](std::int64_t i) { sweep_2(i / pieces, i % pieces); });
        }
    }
};

/// What the loops need of `Lanes` channels of a frame, from channel `first` on.
template <int Lanes> struct norm_lanes {
    float mean[Lanes], rstd[Lanes], scale[Lanes], shift[Lanes];

    template <int G, int C, class Statistics, class Scale, class Shift>
    static norm_lanes of(const Statistics& statistics, const Scale& scale, const Shift& shift, std::int64_t frame,
                         std::int64_t row, int first) {
        norm_lanes all;
        for (int j = 0; j < Lanes; ++j) {
            const int c = first + j, g = c / (C / G);
            all.mean[j] = statistics(frame, g, 0);
            all.rstd[j] = statistics(frame, g, 1);
            all.scale[j] = scale(row, c);
            all.shift[j] = shift(row, c);
        }
        return all;
    }
};

} // namespace detail

template <class Activation, class X, int C, class Scale, class Shift, class U, int G>
void group_norm_on(context& ctx, Activation, video_view<const X, C> x, Scale scale, Shift shift, const frame_rows& rows,
                   video_view<U, C> y, view<float, dynamic, G, 2> statistics) {
    using math = vector_math<Activation>;
    using pieces_of = detail::frame_pieces<C>;
    constexpr int lanes = pieces_of::lanes, width = C / G;
    const pieces_of pieces{x.extent(2) * x.extent(3)};
    const std::int64_t frames = statistics.extent(0), stride = pieces.positions * C;
    const arena::scope scope(ctx.arena);
    const auto sums = ctx.arena.take<float, dynamic, dynamic, 2, C>(frames, pieces.count());

    const auto sum = [&](std::int64_t n,
                         std::int64_t k) { // of the distance from the frame's first element, and its square
        const X* frame = x.data() + n * stride;
        for (int first = 0; first < C; first += lanes) {
            float pivot[lanes], total[lanes] = {}, squares[lanes] = {};
            for (int j = 0; j < lanes; ++j) pivot[j] = static_cast<float>(frame[first + j]);
            for (std::int64_t p = pieces.first(k); p < pieces.last(k); ++p) {
                const X* at = frame + p * C + first;
#pragma omp simd
                for (int j = 0; j < lanes; ++j) {
                    const float distance = static_cast<float>(at[j]) - pivot[j];
                    total[j] += distance;
                    squares[j] += distance * distance;
                }
            }
            for (int j = 0; j < lanes; ++j) {
                sums(n, k, 0, first + j) = total[j];
                sums(n, k, 1, first + j) = squares[j];
            }
        }
    };
    const auto finish = [&](std::int64_t n) {
        const double count = static_cast<double>(pieces.positions);
        for (int g = 0; g < G; ++g) {
            double mean = 0, square = 0, means[width];
            for (int j = 0; j < width; ++j) {
                const int c = g * width + j;
                double total = 0, squares = 0;
                for (std::int64_t k = 0; k < pieces.count(); ++k) {
                    total += static_cast<double>(sums(n, k, 0, c));
                    squares += static_cast<double>(sums(n, k, 1, c));
                }
                means[j] = static_cast<double>(x.data()[n * stride + c]) + total / count;
                mean += means[j] / width;
                square += (squares / count - total / count * (total / count)) / width;
            }
            for (int j = 0; j < width; ++j) square += (means[j] - mean) * (means[j] - mean) / width;
            statistics(n, g, 0) = static_cast<float>(mean);
            statistics(n, g, 1) = static_cast<float>(1.0 / std::sqrt(std::max(square, 0.0) + ops::group_norm_epsilon));
        }
    };
    const auto apply = [&](std::int64_t n, std::int64_t k) {
        for (int first = 0; first < C; first += lanes) {
            const auto of =
                detail::norm_lanes<lanes>::template of<G, C>(statistics, scale, shift, n, rows.of(n), first);
            for (std::int64_t p = pieces.first(k); p < pieces.last(k); ++p) {
                const X* from = x.data() + n * stride + p * C + first;
                U* to = y.data() + n * stride + p * C + first;
#pragma omp simd
                for (int j = 0; j < lanes; ++j) {
                    const float normal = (static_cast<float>(from[j]) - of.mean[j]) * of.rstd[j];
                    detail::store(to[j], math::value(normal * of.scale[j] + of.shift[j]));
                }
            }
        }
    };
    pieces.sweep(frames, sum, finish, apply);
}

template <class Activation, class X, int C, class Scale, class Shift, int G, class T, class U, class DScale>
void group_norm_grad_on(context& ctx, Activation, video_view<const X, C> x, Scale scale, Shift shift,
                        const frame_rows& rows, view<const float, dynamic, G, 2> statistics, video_view<const T, C> dy,
                        video_view<U, C> dx, DScale dscale, DScale dshift, bool add) {
    using math = vector_math<Activation>;
    using pieces_of = detail::frame_pieces<C>;
    constexpr int lanes = pieces_of::lanes, width = C / G;
    const pieces_of pieces{x.extent(2) * x.extent(3)};
    const std::int64_t frames = statistics.extent(0), stride = pieces.positions * C;
    const arena::scope scope(ctx.arena);
    const auto sums = ctx.arena.take<float, dynamic, dynamic, 2, C>(frames, pieces.count());
    const auto totals =
        ctx.arena.take<float, dynamic, 2, C>(frames); // of the affine map's gradient: times 1, times normal
    const auto group = ctx.arena.take<float, dynamic, 2, G>(frames); // the means of both, times scale

    const auto sum = [&](std::int64_t n, std::int64_t k) {
        for (int first = 0; first < C; first += lanes) {
            const auto of =
                detail::norm_lanes<lanes>::template of<G, C>(statistics, scale, shift, n, rows.of(n), first);
            float total[lanes] = {}, projection[lanes] = {};
            for (std::int64_t p = pieces.first(k); p < pieces.last(k); ++p) {
                const std::int64_t i = n * stride + p * C + first;
                const X* at = x.data() + i;
                const T* from = dy.data() + i;
#pragma omp simd
                for (int j = 0; j < lanes; ++j) {
                    const float normal = (static_cast<float>(at[j]) - of.mean[j]) * of.rstd[j];
                    const float gradient =
                        static_cast<float>(from[j]) * math::slope(normal * of.scale[j] + of.shift[j]);
                    total[j] += gradient;
                    projection[j] += gradient * normal;
                }
            }
            for (int j = 0; j < lanes; ++j) {
                sums(n, k, 0, first + j) = total[j];
                sums(n, k, 1, first + j) = projection[j];
            }
        }
    };
    const auto finish = [&](std::int64_t n) {
        const double count = static_cast<double>(pieces.positions * width);
        for (int which = 0; which < 2; ++which)
            for (int g = 0; g < G; ++g) {
                double mean = 0;
                for (int c = g * width; c < (g + 1) * width; ++c) {
                    double total = 0;
                    for (std::int64_t k = 0; k < pieces.count(); ++k)
                        total += static_cast<double>(sums(n, k, which, c));
                    totals(n, which, c) = static_cast<float>(total);
                    mean += total * static_cast<double>(scale(rows.of(n), c)) / count;
                }
                group(n, which, g) = static_cast<float>(mean);
            }
    };
    const auto apply = [&](std::int64_t n, std::int64_t k) {
        for (int first = 0; first < C; first += lanes) {
            const auto of =
                detail::norm_lanes<lanes>::template of<G, C>(statistics, scale, shift, n, rows.of(n), first);
            float mean[lanes], projection[lanes];
            for (int j = 0; j < lanes; ++j) {
                mean[j] = group(n, 0, (first + j) / width);
                projection[j] = group(n, 1, (first + j) / width);
            }
            const auto loop = [&](auto adds) {
                for (std::int64_t p = pieces.first(k); p < pieces.last(k); ++p) {
                    const std::int64_t i = n * stride + p * C + first;
                    const X* at = x.data() + i;
                    const T* from = dy.data() + i;
                    U* to = dx.data() + i;
#pragma omp simd
                    for (int j = 0; j < lanes; ++j) {
                        const float normal = (static_cast<float>(at[j]) - of.mean[j]) * of.rstd[j];
                        const float gradient =
                            static_cast<float>(from[j]) * math::slope(normal * of.scale[j] + of.shift[j]);
                        float part = of.rstd[j] * (gradient * of.scale[j] - mean[j] - normal * projection[j]);
                        if constexpr (adds) part += static_cast<float>(to[j]);
                        detail::store(to[j], part);
                    }
                }
            };
            if (add) loop(std::true_type{});
            else loop(std::false_type{});
        }
    };
    pieces.sweep(frames, sum, finish, apply);
    for (std::int64_t n = 0; n < frames; ++n)
        for (int c = 0; c < C; ++c) {
            dshift(rows.of(n), c) += totals(n, 0, c);
            dscale(rows.of(n), c) += totals(n, 1, c);
        }
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
