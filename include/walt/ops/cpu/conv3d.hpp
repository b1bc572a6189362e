// CPU: 3D convolution by oneDNN. Activations stay channels last; only the small kernels are reordered. oneDNN pads with
// zeros by itself, on each side as much as wanted; edges that are repeated and frames of the past are written out
// first.
#pragma once

#include "../reference/conv3d.hpp"
#include "linear.hpp"
#include "onednn_convolution.hpp"
#include "padded_video.hpp"
#include "pointwise.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

/// Numbers of the primitives in the cache's keys.
enum convolution_key : std::int64_t {
    conv_forward = 16,
    conv_input,
    conv_weight,
    conv_kernel_forward,
    conv_kernel_input,
    conv_gradient
};

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
    return {x, y, w.extent(4), w.extent(0), g, bias, add, onednn_type<T>(), onednn_type<U>()};
}

inline split_geometry split_for_onednn(const conv_geometry& g, bool has_past) {
    return split_padding(g, has_past, [](const conv_axis& axis) { return axis.edge == padding::replicate; });
}

/// A tensor in the layout that the primitive wants, in the arena.
inline onednn_tensor take_argument(context& ctx, const onednn_primitive& primitive, int argument) {
    const onednn_layout layout(primitive, argument);
    const auto bytes = ctx.arena.take<std::byte, dynamic>(layout.bytes());
    return ctx.library.wrap(layout, bytes.data());
}

/// The kernel in the layout that the primitive wants.
inline onednn_tensor blocked_kernel(context& ctx, const convolution_shape& shape, std::int64_t key,
                                    const onednn_primitive& primitive, const void* w) {
    auto blocked = take_argument(ctx, primitive, DNNL_ARG_WEIGHTS);
    const auto plain = shape.kernel(shape.compute, dnnl_odhwi);
    reorder(ctx.library, ctx.arena, shape.key(key), ctx.library.wrap(plain, w), blocked, false);
    return blocked;
}

// The three passes, once for all channels and element types: the shape says which.

inline void convolve(context& ctx, const convolution_shape& shape, const void* x, const void* w, const float* bias,
                     void* y) {
    const arena::scope scope(ctx.arena);
    const auto primitive = ctx.library.cached(shape.key(conv_forward), shape.add,
                                              [&](const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
                                                  return describe_forward(ctx.library, shape, true, attributes, desc);
                                              });
    ctx.library.run(ctx.arena, primitive,
                    {{DNNL_ARG_SRC, ctx.library.wrap(shape.input(shape.compute), x)},
                     {DNNL_ARG_WEIGHTS, blocked_kernel(ctx, shape, conv_kernel_forward, primitive, w)},
                     {DNNL_ARG_DST, ctx.library.wrap(shape.output(shape.result), y)},
                     {DNNL_ARG_BIAS, bias ? ctx.library.wrap(shape.bias_vector(), bias) : onednn_tensor()}});
}

inline void convolve_back(context& ctx, const convolution_shape& shape, const void* dy, const void* w, void* dx) {
    const arena::scope scope(ctx.arena);
    const auto primitive = ctx.library.cached(shape.key(conv_input), false,
                                              [&](const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
                                                  return describe_backward_input(ctx.library, shape, attributes, desc);
                                              });
    ctx.library.run(ctx.arena, primitive,
                    {{DNNL_ARG_DIFF_DST, ctx.library.wrap(shape.output(shape.compute), dy)},
                     {DNNL_ARG_WEIGHTS, blocked_kernel(ctx, shape, conv_kernel_input, primitive, w)},
                     {DNNL_ARG_DIFF_SRC, ctx.library.wrap(shape.input(shape.result), dx)}});
}

inline void correlate(context& ctx, const convolution_shape& shape, const void* x, const void* dy, float* dw,
                      float* dbias) {
    const arena::scope scope(ctx.arena);
    const auto primitive = ctx.library.cached(shape.key(conv_weight), false,
                                              [&](const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
                                                  return describe_backward_weight(ctx.library, shape, attributes, desc);
                                              });
    const auto blocked = take_argument(ctx, primitive, DNNL_ARG_DIFF_WEIGHTS);
    const auto bias_sum = ctx.arena.take<float, dynamic>(shape.out);
    ctx.library.run(
        ctx.arena, primitive,
        {{DNNL_ARG_SRC, ctx.library.wrap(shape.input(shape.compute), x)},
         {DNNL_ARG_DIFF_DST, ctx.library.wrap(shape.output(shape.compute), dy)},
         {DNNL_ARG_DIFF_WEIGHTS, blocked},
         {DNNL_ARG_DIFF_BIAS, dbias ? ctx.library.wrap(shape.bias_vector(), bias_sum.data()) : onednn_tensor()}});

    const auto plain = shape.kernel(dnnl_f32, dnnl_odhwi);
    reorder(ctx.library, ctx.arena, shape.key(conv_gradient), blocked, ctx.library.wrap(plain, dw), true);
    if (dbias)
        for (std::int64_t o = 0; o < shape.out; ++o) dbias[o] += bias_sum(o);
}

} // namespace detail

template <class T, int I, class W, class Bias, class U, int O, class Past>
void conv3d_on(context& ctx, const conv_geometry& g, video_view<const T, I> x, W w, Bias bias, video_view<U, O> y,
               Past past, bool add) {
    const arena::scope scope(ctx.arena);
    const split_geometry parts = detail::split_for_onednn(g, rules::goes_on(past));
    const auto from = parts.writes() ? detail::written_out(ctx, parts.written, x, past) : x;
    if constexpr (detail::is_pointwise<W>) {
        const std::int64_t rows = size_of(from).positions();
        if (detail::is_product<W>(parts.rest) && !add)
            return linear_on(ctx, from.template as<dynamic, I>(rows), w.template as<O, I>(), bias,
                             y.template as<dynamic, O>(rows));
    }
    const float* start = nullptr;
    if constexpr (!is_none<Bias>) start = bias.data();
    detail::convolve(ctx, detail::shape_of<T, U>(size_of(from), w, size_of(y), parts.rest, !is_none<Bias>, add),
                     from.data(), w.data(), start, y.data());
}

template <class T, int O, class W, class U, int I>
void conv3d_grad_input_on(context& ctx, const conv_geometry& g, video_view<const T, O> dy, W w, video_view<U, I> dx) {
    if constexpr (detail::is_pointwise<W>) {
        const std::int64_t rows = size_of(dx).positions();
        if (detail::is_product<W>(g))
            return linear_grad_input_on(ctx, dy.template as<dynamic, O>(rows), w.template as<O, I>(),
                                        dx.template as<dynamic, I>(rows));
    }
    const split_geometry parts = detail::split_for_onednn(g, false);
    const auto back = [&](auto to) {
        using V = typename decltype(to)::element;
        detail::convolve_back(ctx, detail::shape_of<T, V>(size_of(to), w, size_of(dy), parts.rest, false, false),
                              dy.data(), w.data(), to.data());
    };
    if (!parts.writes()) return back(dx);
    const arena::scope scope(ctx.arena);
    const padded_video padded(parts.written, size_of(dx));
    const auto wide = padded.wide().take<float, I>(ctx.arena);
    back(wide);
    detail::fold_back(padded, wide.read(), dx);
}

template <class T, int I, int O, class DW, class DBias>
void conv3d_grad_weight_on(context& ctx, const conv_geometry& g, video_view<const T, I> x, video_view<const T, O> dy,
                           DW dw, DBias dbias) {
    const arena::scope scope(ctx.arena);
    const split_geometry parts = detail::split_for_onednn(g, false);
    const auto from = parts.writes() ? detail::written_out(ctx, parts.written, x, none{}) : x;
    if constexpr (detail::is_pointwise<DW>) {
        const std::int64_t rows = size_of(from).positions();
        if (detail::is_product<DW>(parts.rest))
            return linear_grad_weight_on(ctx, from.template as<dynamic, I>(rows), dy.template as<dynamic, O>(rows),
                                         dw.template as<O, I>(), dbias);
    }
    float* sum = nullptr;
    if constexpr (!is_none<DBias>) sum = dbias.data();
    detail::correlate(ctx,
                      detail::shape_of<T, float>(size_of(from), dw, size_of(dy), parts.rest, !is_none<DBias>, false),
                      from.data(), dy.data(), dw.data(), sum);
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
