// CPU: 3D convolution by oneDNN. Activations stay channels last; only the small kernels are reordered. oneDNN pads with
// zeros by itself, on each side as much as wanted; edges that are repeated and frames of the past are written out
// first. Taps that see nothing but zeros are left out.
#pragma once

#include "../reference/conv3d.hpp"
#include "convolution_passes.hpp"
#include "linear.hpp"
#include "narrow_convolution.hpp"
#include "onednn_faults.hpp"
#include "padded_video.hpp"

#include <algorithm>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

template <class W>
inline constexpr bool is_pointwise = W::static_extent(1) * W::static_extent(2) * W::static_extent(3) == 1;
/// A pointwise kernel on every element: a product of matrices.
template <class W> bool is_product(const conv_geometry& g) {
    const auto plain = [](const conv_axis& axis) { return axis.stride == 1 && axis.before == 0 && axis.after == 0; };
    return is_pointwise<W> && plain(g.time) && plain(g.height) && plain(g.width);
}

template <class T, class U, class W>
convolution_shape shape_of(const video_size& x, const W& w, const video_size& y, const conv_geometry& g, bool bias,
                           bool add) {
    return {x,    y,   w.extent(4),      w.extent(0),     g, {g.time.kernel, g.height.kernel, g.width.kernel},
            bias, add, onednn_type<T>(), onednn_type<U>()};
}

inline split_geometry split_for_onednn(const conv_geometry& g, bool has_past) {
    return split_padding(g, has_past || repeats(g.time), repeats(g.height), repeats(g.width));
}

} // namespace detail

template <class T, int In, class W, class Bias, class U, int Out, class Past>
void conv3d_on(context& ctx, const conv_geometry& g, video_view<const T, In> x, W w, Bias bias, video_view<U, Out> y,
               Past past, bool add) {
    const arena::scope scope(ctx.arena);
    const split_geometry parts = detail::split_for_onednn(g, rules::goes_on(past));
    const auto from = parts.writes() ? detail::written_out(ctx, parts.written, x, past) : x;
    if constexpr (detail::is_pointwise<W>) {
        const std::int64_t rows = size_of(from).positions();
        if (detail::is_product<W>(parts.rest) && !add)
            return linear_on(ctx, from.template as<dynamic, In>(rows), w.template as<Out, In>(), bias,
                             y.template as<dynamic, Out>(rows));
    }
    if constexpr (detail::is_narrow<W>) {
        const auto kernel = detail::take_tap_kernel<T>(ctx, w);
        constexpr int KO = decltype(kernel)::static_extent(0);
        detail::each_tap_row<W>(
            [&](int row, int tap) { std::copy_n(w.data() + row * In, In, kernel.data() + tap * In); });
        const auto taps =
            video_size{y.extent(0), y.extent(1), y.extent(2), from.extent(3)}.template take<float, KO>(ctx.arena);
        conv3d_on(ctx, detail::without_width(parts.rest), from, kernel.read(), none{}, taps, none{}, false);
        return detail::sum_taps(parts.rest.width, taps.read(), bias, y, add);
    }
    const float* start = nullptr;
    if constexpr (!is_none<Bias>) start = bias.data();
    const auto shape = detail::shape_of<T, U>(size_of(from), w, size_of(y), parts.rest, !is_none<Bias>, add);
    detail::convolve(ctx, shape, from.data(), w.data(), start, y.data(), detail::piece_work(shape));
}

template <class T, int Out, class W, class U, int In>
void conv3d_grad_input_on(context& ctx, const conv_geometry& g, video_view<const T, Out> dy, W w,
                          video_view<U, In> dx) {
    if constexpr (detail::is_pointwise<W>) {
        const std::int64_t rows = size_of(dx).positions();
        if (detail::is_product<W>(g))
            return linear_grad_input_on(ctx, dy.template as<dynamic, Out>(rows), w.template as<Out, In>(),
                                        dx.template as<dynamic, In>(rows));
    }
    const split_geometry parts = detail::split_for_onednn(g, false);
    const auto back = [&](auto to) {
        using V = typename decltype(to)::element;
        const auto shape = detail::shape_of<T, V>(size_of(to), w, size_of(dy), parts.rest, false, false);
        detail::convolve_back(ctx, shape, dy.data(), w.data(), to.data(), detail::piece_work(shape));
    };
    if (!parts.writes()) return back(dx);
    const arena::scope scope(ctx.arena);
    const padded_video padded(parts.written, size_of(dx));
    const auto wide = padded.wide().take<float, In>(ctx.arena);
    back(wide);
    detail::fold_back(padded, wide.read(), dx);
}

template <class T, int In, int Out, class DW, class DBias>
void conv3d_grad_weight_on(context& ctx, const conv_geometry& g, video_view<const T, In> x, video_view<const T, Out> dy,
                           DW dw, DBias dbias) {
    const arena::scope scope(ctx.arena);
    const split_geometry parts = detail::split_for_sums(g, size_of(x), onednn_type<T>());
    const auto from = parts.writes() ? detail::written_out(ctx, parts.written, x, none{}) : x;
    if constexpr (detail::is_pointwise<DW>) {
        const std::int64_t rows = size_of(from).positions();
        if (detail::is_product<DW>(parts.rest))
            return linear_grad_weight_on(ctx, from.template as<dynamic, In>(rows), dy.template as<dynamic, Out>(rows),
                                         dw.template as<Out, In>(), dbias);
    }
    if constexpr (!is_none<DBias>)
        linear_grad_bias_on(ctx, dy.template as<dynamic, Out>(size_of(dy).positions()), dbias);
    if constexpr (detail::is_narrow<DW>) {
        const auto dkernel = detail::take_tap_kernel<float>(ctx, dw);
        constexpr int KO = decltype(dkernel)::static_extent(0);
        std::fill_n(dkernel.data(), dkernel.size(), 0.0f);
        const auto dtaps =
            video_size{dy.extent(0), dy.extent(1), dy.extent(2), from.extent(3)}.template take<T, KO>(ctx.arena);
        detail::spread_taps(parts.rest.width, dy, dtaps);
        conv3d_grad_weight_on(ctx, detail::without_width(parts.rest), from, dtaps.read(), dkernel, none{});
        detail::each_tap_row<DW>([&](int row, int tap) {
            for (int c = 0; c < In; ++c) dw.data()[row * In + c] += dkernel.data()[tap * In + c];
        });
        return;
    }
    const auto shape = detail::shape_of<T, float>(size_of(from), dw, size_of(dy), parts.rest, false, false);
    const std::int64_t least = shape.multiplications() / convolution_sums(shape.y.positions(), dw.size()) + 1;
    detail::correlate(ctx, shape, from.data(), dy.data(), dw.data(), std::max(detail::piece_work(shape), least));
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
