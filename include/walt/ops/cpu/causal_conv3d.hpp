// CPU: causal 3D convolution by oneDNN. Activations stay channels last; only the small kernels are reordered.
#pragma once

#include "../reference/causal_conv3d.hpp"
#include "linear.hpp"
#include "onednn_convolution.hpp"

namespace walt::cpu {

namespace detail {

/// Numbers of the primitives in the cache's keys.
enum convolution_key : std::int64_t { conv_forward = 16, conv_input, conv_weight, conv_kernel_forward, conv_kernel_input, conv_gradient };

template <class W> inline constexpr bool is_pointwise = W::static_extent(1) * W::static_extent(2) * W::static_extent(3) == 1;

template <class T, class U, class W>
convolution_shape shape_of(const video_size& x, const W& w, const video_size& y, conv_stride stride, bool bias, bool add) {
    return {x, y, w.extent(4), w.extent(0), w.extent(1), w.extent(2), w.extent(3), stride, bias, add, onednn_type<T>(), onednn_type<U>()};
}

/// A tensor in the layout that the primitive wants, in the arena.
inline dnnl::memory take_argument(context& ctx, const dnnl::primitive& primitive, int argument) {
    const auto layout = layout_of(primitive, argument);
    const auto bytes = ctx.arena.take<std::byte, dynamic>(layout.get_size());
    return ctx.library.wrap(layout, bytes.data());
}

/// The kernel in the layout that the primitive wants.
template <class W>
dnnl::memory blocked_kernel(context& ctx, const convolution_shape& shape, std::int64_t key, const dnnl::primitive& primitive, const W& w) {
    const auto blocked = take_argument(ctx, primitive, DNNL_ARG_WEIGHTS);
    const auto plain = shape.kernel(shape.compute, dnnl::memory::format_tag::odhwi);
    reorder(ctx.library, shape.key(key), ctx.library.wrap(plain, w.data()), blocked, false);
    return blocked;
}

} // namespace detail

template <class T, int I, class W, class Bias, class U, int O>
void causal_conv3d_on(context& ctx, conv_stride stride, video<const T, I> x, W w, Bias bias, video<U, O> y, bool add) {
    if (detail::is_pointwise<W> && stride.time == 1 && stride.space == 1 && !add) {
        const std::int64_t rows = size_of(x).positions();
        return linear_on(ctx, x.template as<dynamic, I>(rows), w.template as<O, I>(), bias, y.template as<dynamic, O>(rows));
    }
    const arena::scope scope(ctx.arena);
    const auto shape = detail::shape_of<T, U>(size_of(x), w, size_of(y), stride, !is_none<Bias>, add);
    const auto& primitive = ctx.library.cached(shape.key(detail::conv_forward), [&] { return make_forward(ctx.library, shape); });
    onednn::arguments with{{DNNL_ARG_SRC, ctx.library.wrap(shape.input(shape.compute), x.data())},
                           {DNNL_ARG_WEIGHTS, detail::blocked_kernel(ctx, shape, detail::conv_kernel_forward, primitive, w)},
                           {DNNL_ARG_DST, ctx.library.wrap(shape.output(shape.result), y.data())}};
    if constexpr (!is_none<Bias>) with.emplace(DNNL_ARG_BIAS, ctx.library.wrap(shape.bias_vector(), bias.data()));
    ctx.library.run(primitive, with);
}

template <class T, int O, class W, class U, int I>
void causal_conv3d_grad_input_on(context& ctx, conv_stride stride, video<const T, O> dy, W w, video<U, I> dx) {
    if (detail::is_pointwise<W> && stride.time == 1 && stride.space == 1) {
        const std::int64_t rows = size_of(dx).positions();
        return linear_grad_input_on(ctx, dy.template as<dynamic, O>(rows), w.template as<O, I>(), dx.template as<dynamic, I>(rows));
    }
    const arena::scope scope(ctx.arena);
    const auto shape = detail::shape_of<T, U>(size_of(dx), w, size_of(dy), stride, false, false);
    const auto& primitive = ctx.library.cached(shape.key(detail::conv_input), [&] { return make_backward_input(ctx.library, shape); });
    ctx.library.run(primitive, {{DNNL_ARG_DIFF_DST, ctx.library.wrap(shape.output(shape.compute), dy.data())},
                                {DNNL_ARG_WEIGHTS, detail::blocked_kernel(ctx, shape, detail::conv_kernel_input, primitive, w)},
                                {DNNL_ARG_DIFF_SRC, ctx.library.wrap(shape.input(shape.result), dx.data())}});
}

template <class T, int I, int O, class DW, class DBias>
void causal_conv3d_grad_weight_on(context& ctx, conv_stride stride, video<const T, I> x, video<const T, O> dy, DW dw, DBias dbias) {
    if (detail::is_pointwise<DW> && stride.time == 1 && stride.space == 1) {
        const std::int64_t rows = size_of(x).positions();
        return linear_grad_weight_on(ctx, x.template as<dynamic, I>(rows), dy.template as<dynamic, O>(rows), dw.template as<O, I>(), dbias);
    }
    const arena::scope scope(ctx.arena);
    const auto shape = detail::shape_of<T, float>(size_of(x), dw, size_of(dy), stride, !is_none<DBias>, false);
    const auto& primitive = ctx.library.cached(shape.key(detail::conv_weight), [&] { return make_backward_weight(ctx.library, shape); });
    const auto blocked = detail::take_argument(ctx, primitive, DNNL_ARG_DIFF_WEIGHTS);
    const auto bias_sum = ctx.arena.take<float, O>();
    onednn::arguments with{{DNNL_ARG_SRC, ctx.library.wrap(shape.input(shape.compute), x.data())},
                           {DNNL_ARG_DIFF_DST, ctx.library.wrap(shape.output(shape.compute), dy.data())},
                           {DNNL_ARG_DIFF_WEIGHTS, blocked}};
    if constexpr (!is_none<DBias>) with.emplace(DNNL_ARG_DIFF_BIAS, ctx.library.wrap(shape.bias_vector(), bias_sum.data()));
    ctx.library.run(primitive, with);

    const auto plain = shape.kernel(dnnl::memory::data_type::f32, dnnl::memory::format_tag::odhwi);
    reorder(ctx.library, shape.key(detail::conv_gradient), blocked, ctx.library.wrap(plain, dw.data()), true);
    if constexpr (!is_none<DBias>)
        for (int o = 0; o < O; ++o) dbias.data()[o] += bias_sum(o);
}

} // namespace walt::cpu
