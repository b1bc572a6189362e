// Reference: causal 3D convolution, one tap of the kernel at a time.
#pragma once

#include "../causal_conv3d.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Calls visit(x position, tap of the kernel, y position) for every pair of positions that a kernel tap connects, in
/// the order of y, then of the tap; a position counts elements without their channels.
template <class W, class Visit>
void each_tap(const video_size& x, const video_size& y, conv_stride stride, const W& w, Visit&& visit) {
    const std::int64_t kt = w.extent(1), kh = w.extent(2), kw = w.extent(3);
    for (std::int64_t b = 0; b < y.batch; ++b)
        for (std::int64_t f = 0; f < y.frames; ++f)
            for (std::int64_t i = 0; i < y.height; ++i)
                for (std::int64_t j = 0; j < y.width; ++j)
                    for (std::int64_t tap = 0; tap < kt * kh * kw; ++tap) {
                        const std::int64_t t = f * stride.time + tap / (kh * kw) - (kt - 1);
                        const std::int64_t r = i * stride.space + tap / kw % kh - kh / 2;
                        const std::int64_t c = j * stride.space + tap % kw - kw / 2;
                        if (t < 0 || r < 0 || c < 0 || r >= x.height || c >= x.width) continue;
                        visit(((b * x.frames + t) * x.height + r) * x.width + c, tap,
                              ((b * y.frames + f) * y.height + i) * y.width + j);
                    }
}
} // namespace detail

template <class T, int I, class W, class Bias, class U, int O>
void causal_conv3d_on(context& ctx, conv_stride stride, video_view<const T, I> x, W w, Bias bias, video_view<U, O> y,
                      bool add) {
    using A = accumulate_t<T>;
    const std::int64_t taps = w.extent(1) * w.extent(2) * w.extent(3);
    const arena::scope scope(ctx.arena);
    const auto sum = size_of(y).template take<A, O>(ctx.arena);
    for (std::int64_t i = 0; i < sum.size(); ++i) {
        A start = 0;
        if constexpr (!is_none<Bias>) start = bias.data()[i % O];
        sum.data()[i] = start;
    }
    detail::each_tap(size_of(x), size_of(y), stride, w, [&](std::int64_t from, std::int64_t tap, std::int64_t to) {
        for (int o = 0; o < O; ++o) {
            const T* weight = w.data() + (o * taps + tap) * I;
            A part = 0;
            for (int i = 0; i < I; ++i) part += static_cast<A>(weight[i]) * static_cast<A>(x.data()[from * I + i]);
            sum.data()[to * O + o] += part;
        }
    });
    for (std::int64_t i = 0; i < sum.size(); ++i)
        y.data()[i] = static_cast<U>(sum.data()[i] + (add ? static_cast<A>(y.data()[i]) : A(0)));
}

template <class T, int O, class W, class U, int I>
void causal_conv3d_grad_input_on(context& ctx, conv_stride stride, video_view<const T, O> dy, W w,
                                 video_view<U, I> dx) {
    using A = accumulate_t<T>;
    const std::int64_t taps = w.extent(1) * w.extent(2) * w.extent(3);
    const arena::scope scope(ctx.arena);
    const auto sum = size_of(dx).template take<A, I>(ctx.arena);
    for (std::int64_t i = 0; i < sum.size(); ++i) sum.data()[i] = 0;
    detail::each_tap(size_of(dx), size_of(dy), stride, w, [&](std::int64_t to, std::int64_t tap, std::int64_t from) {
        for (int o = 0; o < O; ++o) {
            const T* weight = w.data() + (o * taps + tap) * I;
            const A g = static_cast<A>(dy.data()[from * O + o]);
            for (int i = 0; i < I; ++i) sum.data()[to * I + i] += g * static_cast<A>(weight[i]);
        }
    });
    for (std::int64_t i = 0; i < sum.size(); ++i) dx.data()[i] = static_cast<U>(sum.data()[i]);
}

template <class T, int I, int O, class DW, class DBias>
void causal_conv3d_grad_weight_on(context&, conv_stride stride, video_view<const T, I> x, video_view<const T, O> dy,
                                  DW dw, DBias dbias) {
    using A = typename DW::element;
    const std::int64_t taps = dw.extent(1) * dw.extent(2) * dw.extent(3);
    detail::each_tap(size_of(x), size_of(dy), stride, dw, [&](std::int64_t from, std::int64_t tap, std::int64_t to) {
        for (int o = 0; o < O; ++o) {
            A* gradient = dw.data() + (o * taps + tap) * I;
            const A g = static_cast<A>(dy.data()[to * O + o]);
            for (int i = 0; i < I; ++i) gradient[i] += g * static_cast<A>(x.data()[from * I + i]);
        }
    });
    if constexpr (!is_none<DBias>)
        for (std::int64_t i = 0; i < dy.size(); ++i) dbias.data()[i % O] += static_cast<A>(dy.data()[i]);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
