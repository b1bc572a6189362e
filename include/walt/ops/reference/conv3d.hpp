// Reference: 3D convolution, one tap of the kernel at a time.
#pragma once

#include "../conv3d.hpp"
#include "context.hpp"
#include "linear.hpp"
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

// The three passes, once for all channels: `in` and `out` count them.

/// sum = conv(x, w), with the bias where there is one.
template <class T, class A>
void convolve(const conv_geometry& g, const video_size& from, std::int64_t in, const T* x, const T* w, const A* bias,
              const video_size& to, std::int64_t out, const T* past, A* sum) {
    const std::int64_t taps = g.time.kernel * g.height.kernel * g.width.kernel, frame = from.height * from.width;
    for (std::int64_t i = 0; i < to.positions() * out; ++i) sum[i] = bias ? bias[i % out] : A(0);
    each_tap(g, from, to, past != nullptr,
             [&](std::int64_t b, std::int64_t t, std::int64_t place, std::int64_t tap, std::int64_t y) {
                 const T* line = t < 0 ? past + (b * g.time.before + g.time.before + t) * frame * in
                                       : x + (b * from.frames + t) * frame * in;
                 for (std::int64_t o = 0; o < out; ++o) {
                     const T* weight = w + (o * taps + tap) * in;
                     A part = 0;
                     for (std::int64_t i = 0; i < in; ++i)
                         part += static_cast<A>(weight[i]) * static_cast<A>(line[place * in + i]);
                     sum[y * out + o] += part;
                 }
             });
}
/// sum = the gradient of x.
template <class T, class A>
void convolve_back(const conv_geometry& g, const video_size& to, std::int64_t in, const T* w, const video_size& from,
                   std::int64_t out, const T* dy, A* sum) {
    const std::int64_t taps = g.time.kernel * g.height.kernel * g.width.kernel;
    for (std::int64_t i = 0; i < to.positions() * in; ++i) sum[i] = 0;
    each_tap(g, to, from, [&](std::int64_t x, std::int64_t tap, std::int64_t y) {
        for (std::int64_t o = 0; o < out; ++o) {
            const T* weight = w + (o * taps + tap) * in;
            const A flow = static_cast<A>(dy[y * out + o]);
            for (std::int64_t i = 0; i < in; ++i) sum[x * in + i] += flow * static_cast<A>(weight[i]);
        }
    });
}
/// dw += the gradient of w.
template <class T, class A>
void correlate(const conv_geometry& g, const video_size& from, std::int64_t in, const T* x, const video_size& to,
               std::int64_t out, const T* dy, A* dw) {
    const std::int64_t taps = g.time.kernel * g.height.kernel * g.width.kernel;
    each_tap(g, from, to, [&](std::int64_t place, std::int64_t tap, std::int64_t y) {
        for (std::int64_t o = 0; o < out; ++o) {
            A* gradient = dw + (o * taps + tap) * in;
            const A flow = static_cast<A>(dy[y * out + o]);
            for (std::int64_t i = 0; i < in; ++i) gradient[i] += flow * static_cast<A>(x[place * in + i]);
        }
    });
}
} // namespace detail

template <class T, int In, class W, class Bias, class U, int Out, class Past>
void conv3d_on(context& ctx, const conv_geometry& g, video_view<const T, In> x, W w, Bias bias, video_view<U, Out> y,
               Past past, bool add) {
    using A = accumulate_t<T>;
    const arena::scope scope(ctx.arena);
    const auto sum = size_of(y).template take<A, Out>(ctx.arena);
    const A* start = nullptr;
    if constexpr (!is_none<Bias>) start = bias.data();
    const T* before = nullptr;
    if constexpr (!is_none<Past>)
        if (rules::goes_on(past)) before = past.data();
    detail::convolve(g, size_of(x), In, x.data(), w.data(), start, size_of(y), Out, before, sum.data());
    for (std::int64_t i = 0; i < sum.size(); ++i)
        y.data()[i] = static_cast<U>(sum.data()[i] + (add ? static_cast<A>(y.data()[i]) : A(0)));
}

template <class T, int Out, class W, class U, int In>
void conv3d_grad_input_on(context& ctx, const conv_geometry& g, video_view<const T, Out> dy, W w,
                          video_view<U, In> dx) {
    const arena::scope scope(ctx.arena);
    const auto sum = size_of(dx).template take<accumulate_t<T>, In>(ctx.arena);
    detail::convolve_back(g, size_of(dx), In, w.data(), size_of(dy), Out, dy.data(), sum.data());
    for (std::int64_t i = 0; i < sum.size(); ++i) dx.data()[i] = static_cast<U>(sum.data()[i]);
}

template <class T, int In, int Out, class DW, class DBias>
void conv3d_grad_weight_on(context& ctx, const conv_geometry& g, video_view<const T, In> x, video_view<const T, Out> dy,
                           DW dw, DBias dbias) {
    detail::correlate(g, size_of(x), In, x.data(), size_of(dy), Out, dy.data(), dw.data());
    if constexpr (!is_none<DBias>)
        linear_grad_bias_on(ctx, dy.template as<dynamic, Out>(size_of(dy).positions()), dbias);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
