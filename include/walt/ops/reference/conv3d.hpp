// Reference: 3D convolution, one tap of the kernel at a time.
#pragma once

#include "../conv3d.hpp"
#include "context.hpp"
#include "pointwise.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Calls visit(b, frame, place in the frame, tap of the kernel, y position) for every pair of elements that a kernel
/// tap connects, in the order of y, then of the tap. A frame of the past, where there is one, is negative: the last is
/// -1.
template <class Visit>
void each_tap(const conv_geometry& g, const video_size& x, const video_size& y, bool has_past, Visit&& visit) {
    const padded_video from(g, x);
    std::int64_t to = 0;
    for (std::int64_t b = 0; b < y.batch; ++b)
        for (std::int64_t f = 0; f < y.frames; ++f)
            for (std::int64_t i = 0; i < y.height; ++i)
                for (std::int64_t j = 0; j < y.width; ++j, ++to)
                    for (std::int64_t tap = 0; tap < g.time.kernel * g.height.kernel * g.width.kernel; ++tap) {
                        const std::int64_t at = f * g.time.stride + tap / (g.height.kernel * g.width.kernel);
                        const bool past = has_past && at < g.time.before;
                        const std::int64_t t = past ? at - g.time.before : from.time.source(at);
                        const std::int64_t r =
                            from.height.source(i * g.height.stride + tap / g.width.kernel % g.height.kernel);
                        const std::int64_t c = from.width.source(j * g.width.stride + tap % g.width.kernel);
                        if ((t >= 0 || past) && r >= 0 && c >= 0) visit(b, t, r * x.width + c, tap, to);
                    }
}
/// The same over all of x: visit(x position, tap, y position); a position counts elements without their channels.
template <class Visit> void each_tap(const conv_geometry& g, const video_size& x, const video_size& y, Visit&& visit) {
    each_tap(g, x, y, false,
             [&](std::int64_t b, std::int64_t t, std::int64_t place, std::int64_t tap, std::int64_t to) {
                 visit((b * x.frames + t) * x.height * x.width + place, tap, to);
             });
}
} // namespace detail

template <class T, int I, class W, class Bias, class U, int O, class Past>
void conv3d_on(context& ctx, const conv_geometry& g, video_view<const T, I> x, W w, Bias bias, video_view<U, O> y,
               Past past, bool add) {
    using A = accumulate_t<T>;
    const std::int64_t taps = w.extent(1) * w.extent(2) * w.extent(3), frame = x.extent(2) * x.extent(3);
    const arena::scope scope(ctx.arena);
    const auto sum = size_of(y).template take<A, O>(ctx.arena);
    for (std::int64_t i = 0; i < sum.size(); ++i) {
        A start = 0;
        if constexpr (!is_none<Bias>) start = bias.data()[i % O];
        sum.data()[i] = start;
    }
    const auto add_tap = [&](std::int64_t b, std::int64_t t, std::int64_t place, std::int64_t tap, std::int64_t to) {
        const T* from = x.data() + ((b * x.extent(1) + t) * frame + place) * I;
        if constexpr (!is_none<Past>)
            if (t < 0) from = past.data() + ((b * past.extent(1) + past.extent(1) + t) * frame + place) * I;
        for (int o = 0; o < O; ++o) {
            const T* weight = w.data() + (o * taps + tap) * I;
            A part = 0;
            for (int i = 0; i < I; ++i) part += static_cast<A>(weight[i]) * static_cast<A>(from[i]);
            sum.data()[to * O + o] += part;
        }
    };
    detail::each_tap(g, size_of(x), size_of(y), rules::goes_on(past), add_tap);
    for (std::int64_t i = 0; i < sum.size(); ++i)
        y.data()[i] = static_cast<U>(sum.data()[i] + (add ? static_cast<A>(y.data()[i]) : A(0)));
}

template <class T, int O, class W, class U, int I>
void conv3d_grad_input_on(context& ctx, const conv_geometry& g, video_view<const T, O> dy, W w, video_view<U, I> dx) {
    using A = accumulate_t<T>;
    const std::int64_t taps = w.extent(1) * w.extent(2) * w.extent(3);
    const arena::scope scope(ctx.arena);
    const auto sum = size_of(dx).template take<A, I>(ctx.arena);
    for (std::int64_t i = 0; i < sum.size(); ++i) sum.data()[i] = 0;
    detail::each_tap(g, size_of(dx), size_of(dy), [&](std::int64_t to, std::int64_t tap, std::int64_t from) {
        for (int o = 0; o < O; ++o) {
            const T* weight = w.data() + (o * taps + tap) * I;
            const A flow = static_cast<A>(dy.data()[from * O + o]);
            for (int i = 0; i < I; ++i) sum.data()[to * I + i] += flow * static_cast<A>(weight[i]);
        }
    });
    for (std::int64_t i = 0; i < sum.size(); ++i) dx.data()[i] = static_cast<U>(sum.data()[i]);
}

template <class T, int I, int O, class DW, class DBias>
void conv3d_grad_weight_on(context&, const conv_geometry& g, video_view<const T, I> x, video_view<const T, O> dy, DW dw,
                           DBias dbias) {
    using A = typename DW::element;
    const std::int64_t taps = dw.extent(1) * dw.extent(2) * dw.extent(3);
    detail::each_tap(g, size_of(x), size_of(dy), [&](std::int64_t from, std::int64_t tap, std::int64_t to) {
        for (int o = 0; o < O; ++o) {
            A* gradient = dw.data() + (o * taps + tap) * I;
            const A flow = static_cast<A>(dy.data()[to * O + o]);
            for (int i = 0; i < I; ++i) gradient[i] += flow * static_cast<A>(x.data()[from * I + i]);
        }
    });
    if constexpr (!is_none<DBias>)
        for (std::int64_t i = 0; i < dy.size(); ++i) dbias.data()[i % O] += static_cast<A>(dy.data()[i]);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
