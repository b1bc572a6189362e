// CPU: group norm with its activation in two sweeps over a frame, forward and backward, on all cores.
#pragma once

#include "../reference/group_norm.hpp"
#include "context.hpp"
#include "vector_math.hpp"

#include <algorithm>
#include <cmath>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

/// A frame is summed in pieces of a fixed size, and those are added in order: the same bits for any number of threads.
template <int C> struct frame_pieces {
    static constexpr std::int64_t length = C < 256 ? 16384 / C : 64; // positions: what a first-level cache holds twice
    std::int64_t positions;

    std::int64_t count() const { return (positions + length - 1) / length; }
    std::int64_t first(std::int64_t piece) const { return piece * length; }
    std::int64_t last(std::int64_t piece) const { return std::min(positions, (piece + 1) * length); }

    /// sweep_1 on every piece of a frame, between(frame), then sweep_2: a frame at a time, still in cache for the
    /// second sweep, if there are enough frames for all cores. Then both may have room for the frame in that cache,
    /// `room(positions)` floats; else it is null.
    template <class First, class Between, class Second>
    void sweep(std::int64_t frames, std::int64_t room, First&& sweep_1, Between&& between, Second&& sweep_2) const {
        const std::int64_t pieces = count();
        if (frames >= 2 * threads()) {
            parallel(frames, 8 * C * positions, [&](std::int64_t n) {
                const arena::scope scope(thread_scratch());
                float* const own = room > 0 ? thread_scratch().template take<float, dynamic>(room).data() : nullptr;
                for (std::int64_t k = 0; k < pieces; ++k) sweep_1(n, k, own);
                between(n);
                for (std::int64_t k = 0; k < pieces; ++k) sweep_2(n, k, own);
            });
        } else {
            const auto each = [&](auto&& sweep_of) {
                parallel(frames * pieces, 4 * C * std::min(length, positions),
                         [&](std::int64_t i) { sweep_of(i / pieces, i % pieces, static_cast<float*>(nullptr)); });
            };
            each(sweep_1);
            parallel(frames, pieces * C, between);
            each(sweep_2);
        }
    }
};

/// Channels that are swept together, in vectors, so that their sums stay in registers: of several positions at once
/// where one has too few for the processor to be busy while a sum waits for the last.
template <int C> struct swept_channels {
    static constexpr int lanes = C % 64 == 0 ? 64 : C % 32 == 0 ? 32 : C % 16 == 0 ? 16 : C;
    static constexpr int vectors = to_lanes(lanes) / vector_lanes, abreast = vectors > 2 ? 1 : 4 / vectors;
    using vector_row = float_vector[vectors];

    /// body(v, lanes of it) for every vector.
    template <class Body> [[gnu::always_inline]] static void each(const Body& body) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) body(v, lanes_left(lanes - v * vector_lanes));
    }
    /// row = of(channel).
    template <class Of> static void gather(vector_row& row, int first, const Of& of) {
        for (int v = 0; v < vectors; ++v) row[v] = float_vector{};
        for (int j = 0; j < lanes; ++j) row[j / vector_lanes][j % vector_lanes] = of(first + j);
    }
    /// Sums over positions [begin, end): add(position, v, lanes, sum, other) adds to both; they are assigned to
    /// totals [C] and others [C] from `first` on.
    template <class Add>
    static void sum(std::int64_t begin, std::int64_t end, float* totals, float* others, const Add& add) {
        vector_row total[abreast] = {}, other[abreast] = {};
        std::int64_t p = begin;
        for (; p + abreast <= end; p += abreast)
#pragma GCC unroll 4
            for (int a = 0; a < abreast; ++a)
                each([&](int v, int count) { add(p + a, v, count, total[a][v], other[a][v]); });
        for (; p < end; ++p) each([&](int v, int count) { add(p, v, count, total[0][v], other[0][v]); });
        each([&](int v, int count) {
            for (int a = 1; a < abreast; ++a) total[0][v] += total[a][v], other[0][v] += other[a][v];
            store_lanes(total[0][v], totals + v * vector_lanes, count);
            store_lanes(other[0][v], others + v * vector_lanes, count);
        });
    }
};

/// What the loops need of the channels of a frame that are swept together, from channel `first` on.
template <int C> struct norm_lanes {
    typename swept_channels<C>::vector_row mean, rstd, scale, shift;

    template <int G, class Statistics, class Scale, class Shift>
    static norm_lanes of(const Statistics& statistics, const Scale& affine, const Shift& add, std::int64_t frame,
                         std::int64_t row, int first) {
        using swept = swept_channels<C>;
        norm_lanes all;
        swept::gather(all.mean, first, [&](int c) { return statistics(frame, c / (C / G), 0); });
        swept::gather(all.rstd, first, [&](int c) { return statistics(frame, c / (C / G), 1); });
        swept::gather(all.scale, first, [&](int c) { return affine(row, c); });
        swept::gather(all.shift, first, [&](int c) { return add(row, c); });
        return all;
    }
};

} // namespace detail

template <class Activation, class X, int C, class Scale, class Shift, class U, int G>
void group_norm_on(context& ctx, Activation, video_view<const X, C> x, Scale scale, Shift shift, const frame_rows& rows,
                   video_view<U, C> y, view<float, dynamic, G, 2> statistics) {
    using swept = detail::swept_channels<C>;
    constexpr int lanes = swept::lanes, width = C / G;
    const detail::frame_pieces<C> pieces{x.extent(2) * x.extent(3)};
    const std::int64_t frames = statistics.extent(0), stride = pieces.positions * C;
    const arena::scope scope(ctx.arena);
    const auto sums = ctx.arena.take<float, dynamic, dynamic, 2, C>(frames, pieces.count());

    const auto sum = [&](std::int64_t n, std::int64_t k,
                         float*) { // of the distance from the frame's first element, and its square
        for (int first = 0; first < C; first += lanes) {
            const X* frame = x.data() + n * stride + first;
            typename swept::vector_row pivot;
            swept::gather(pivot, 0, [&](int j) { return static_cast<float>(frame[j]); });
            swept::sum(pieces.first(k), pieces.last(k), &sums(n, k, 0, first), &sums(n, k, 1, first),
                       [&](std::int64_t p, int v, int count, float_vector& total, float_vector& squares) {
                           float_vector distance;
                           load_lanes(distance, frame + p * C + v * vector_lanes, count);
                           distance -= pivot[v];
                           total += distance;
                           squares += distance * distance;
                       });
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
    const auto apply = [&](std::int64_t n, std::int64_t k, float*) {
        for (int first = 0; first < C; first += lanes) {
            const auto of = detail::norm_lanes<C>::template of<G>(statistics, scale, shift, n, rows.of(n), first);
            typename swept::vector_row factor;
            for (int v = 0; v < swept::vectors; ++v) factor[v] = of.rstd[v] * of.scale[v];
            const std::int64_t frame = n * stride + first;
            for (std::int64_t p = pieces.first(k); p < pieces.last(k); ++p)
                swept::each([&](int v, int count) {
                    const std::int64_t i = frame + p * C + v * vector_lanes;
                    float_vector value;
                    load_lanes(value, x.data() + i, count);
                    value = (value - of.mean[v]) * factor[v] + of.shift[v];
                    vector_math<Activation>::in_place(value);
                    store_lanes(value, y.data() + i, count);
                });
        }
    };
    pieces.sweep(frames, 0, sum, finish, apply);
}

template <class Activation, class X, int C, class Scale, class Shift, int G, class T, class U, class DScale>
void group_norm_grad_on(context& ctx, Activation, video_view<const X, C> x, Scale scale, Shift shift,
                        const frame_rows& rows, view<const float, dynamic, G, 2> statistics, video_view<const T, C> dy,
                        video_view<U, C> dx, DScale dscale, DScale dshift, bool add) {
    using swept = detail::swept_channels<C>;
    constexpr int lanes = swept::lanes, width = C / G;
    const detail::frame_pieces<C> pieces{x.extent(2) * x.extent(3)};
    const std::int64_t frames = statistics.extent(0), stride = pieces.positions * C;
    const arena::scope scope(ctx.arena);
    const auto sums = ctx.arena.take<float, dynamic, dynamic, 2, C>(frames, pieces.count());
    const auto totals =
        ctx.arena.take<float, dynamic, 2, C>(frames); // of the affine map's gradient: times 1, times normal
    const auto group = ctx.arena.take<float, dynamic, 2, G>(frames); // the means of both, times scale

    // gradient: of the affine map's result, of `count` elements from i on
    const auto gradient_of = [&](const auto& of, int v, std::int64_t i, int count, float_vector& normal,
                                 float_vector& gradient) {
        float_vector slope = normal * of.scale[v] + of.shift[v];
        vector_math<Activation>::slope_of(slope);
        load_lanes(gradient, dy.data() + i, count);
        gradient *= slope;
    };
    const auto normal_of = [&](const auto& of, int v, std::int64_t i, int count, float_vector& normal) {
        load_lanes(normal, x.data() + i, count);
        normal = (normal - of.mean[v]) * of.rstd[v];
    };
    const auto sum = [&](std::int64_t n, std::int64_t k, float* kept) {
        for (int first = 0; first < C; first += lanes) {
            const auto of = detail::norm_lanes<C>::template of<G>(statistics, scale, shift, n, rows.of(n), first);
            swept::sum(pieces.first(k), pieces.last(k), &sums(n, k, 0, first), &sums(n, k, 1, first),
                       [&](std::int64_t p, int v, int count, float_vector& total, float_vector& projection) {
                           const std::int64_t in_frame = p * C + first + v * vector_lanes;
                           float_vector normal, gradient;
                           normal_of(of, v, n * stride + in_frame, count, normal);
                           gradient_of(of, v, n * stride + in_frame, count, normal, gradient);
                           if (kept) store_lanes(gradient, kept + in_frame, count);
                           total += gradient;
                           projection += gradient * normal;
                       });
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
    const auto apply = [&](std::int64_t n, std::int64_t k, const float* kept) {
        for (int first = 0; first < C; first += lanes) {
            const auto of = detail::norm_lanes<C>::template of<G>(statistics, scale, shift, n, rows.of(n), first);
            typename swept::vector_row mean, projection;
            swept::gather(mean, first, [&](int c) { return group(n, 0, c / width); });
            swept::gather(projection, first, [&](int c) { return group(n, 1, c / width); });
            for (std::int64_t p = pieces.first(k); p < pieces.last(k); ++p)
                swept::each([&](int v, int count) {
                    const std::int64_t in_frame = p * C + first + v * vector_lanes, i = n * stride + in_frame;
                    float_vector normal, gradient;
                    normal_of(of, v, i, count, normal);
                    if (kept) load_lanes(gradient, kept + in_frame, count);
                    else gradient_of(of, v, i, count, normal, gradient);
                    float_vector part = of.rstd[v] * (gradient * of.scale[v] - mean[v] - normal * projection[v]);
                    if (add) {
                        float_vector before;
                        load_lanes(before, dx.data() + i, count);
                        part += before;
                    }
                    store_lanes(part, dx.data() + i, count);
                });
        }
    };
    // A slope costs as much as all the rest: it is not computed twice where a frame's gradient stays in cache.
    constexpr std::int64_t most_kept = std::is_same_v<Activation, activation::identity> ? 0 : 1 << 17;
    pieces.sweep(frames, stride <= most_kept ? stride : 0, sum, finish, apply);
    for (std::int64_t n = 0; n < frames; ++n)
        for (int c = 0; c < C; ++c) {
            dshift(rows.of(n), c) += totals(n, 0, c);
            dscale(rows.of(n), c) += totals(n, 1, c);
        }
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
