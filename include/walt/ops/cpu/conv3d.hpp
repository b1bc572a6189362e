// CPU: 3D convolution by oneDNN. Activations stay channels last; only the small kernels are reordered. oneDNN pads with
// zeros by itself, on each side as much as wanted; edges that are repeated and frames of the past are written out
// first.
#pragma once

#include "../reference/conv3d.hpp"
#include "convolution_pieces.hpp"
#include "linear.hpp"
#include "narrow_convolution.hpp"
#include "padded_video.hpp"
#include "pointwise.hpp"

#include <algorithm>
#include <vector>

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

inline bool repeats(const conv_axis& axis) { return axis.edge == padding::replicate; }
inline split_geometry split_for_onednn(const conv_geometry& g, bool has_past) {
    return split_padding(g, has_past || repeats(g.time), repeats(g.height), repeats(g.width));
}
/// No place of the kernel lies within the axis: each reaches over an edge.
inline bool none_is_inside(const conv_axis& axis, std::int64_t extent) {
    const std::int64_t first = (axis.before + axis.stride - 1) / axis.stride; // place that begins within
    return first * axis.stride - axis.before + axis.kernel > extent;
}
/// oneDNN 2.6's sums of bf16 are wrong, or read and write beside their memory, where no place is inside: of rows that
/// have padding,
inline bool has_too_few_rows(const conv_axis& rows, std::int64_t extent, dnnl_data_type_t type) {
    return type == dnnl_bf16 && rows.before + rows.after > 0 && none_is_inside(rows, extent);
}
/// and of frames that have it at both ends.
inline bool has_too_few_frames(const conv_axis& time, std::int64_t extent, dnnl_data_type_t type) {
    return type == dnnl_bf16 && time.before > 0 && time.after > 0 && none_is_inside(time, extent);
}
inline split_geometry split_for_sums(const conv_geometry& g, const video_size& x, dnnl_data_type_t type) {
    return split_padding(g, repeats(g.time) || has_too_few_frames(g.time, x.frames, type),
                         repeats(g.height) || has_too_few_rows(g.height, x.height, type), repeats(g.width));
}

/// A tensor in a layout of the library's own, in the arena.
inline onednn_tensor take_tensor(context& ctx, const onednn_layout& layout) {
    return ctx.library.wrap(layout, ctx.arena.take<std::byte, dynamic>(layout.bytes()).data());
}

/// The kernel in the layouts that a pass' primitives want; few want different ones.
class blocked_kernels {
  public:
    blocked_kernels(context& ctx, const convolution_passes& passes, std::int64_t key, const void* w) {
        const alone one;
        for (const auto& [shape, primitive] : passes.kinds()) {
            const onednn_layout layout(primitive, DNNL_ARG_WEIGHTS);
            const auto known = std::find_if(made_.begin(), made_.end(),
                                            [&](const onednn_tensor& other) { return other.layout() == layout; });
            of_.push_back(static_cast<std::size_t>(known - made_.begin()));
            if (known != made_.end()) continue;
            made_.push_back(take_tensor(ctx, layout));
            const auto plain = shape.kernel(shape.compute, dnnl_odhwi);
            reorder(ctx.library, ctx.arena, shape.key(key), ctx.library.wrap(plain, w), made_.back(), false);
        }
    }
    const onednn_tensor& of(std::size_t kind) const { return made_[of_[kind]]; }

  private:
    std::vector<onednn_tensor> made_;
    std::vector<std::size_t> of_;
};

/// So many elements behind `from`.
inline const void* behind(const void* from, std::int64_t elements, dnnl_data_type_t type) {
    return static_cast<const std::byte*>(from) + elements * onednn_bytes(type);
}

/// Without AVX-512 the library convolves no bf16: then copies in float are convolved.
inline bool is_for_copies(const convolution_shape& s) {
    return (s.compute == dnnl_bf16 || s.result == dnnl_bf16) && !onednn::has(dnnl_cpu_isa_avx512_core);
}
inline convolution_shape in_float(convolution_shape s) {
    s.compute = s.result = dnnl_f32;
    return s;
}
/// Elements of a type as floats, in the arena if they are none.
inline const float* floats(context& ctx, const void* from, std::int64_t count, dnnl_data_type_t type) {
    if (type == dnnl_f32) return static_cast<const float*>(from);
    const auto to = ctx.arena.take<float, dynamic>(count);
    convert_on(ctx, view<const bf16, dynamic>(static_cast<const bf16*>(from), count), to);
    return to.data();
}
/// A pass whose result is of a type: run(floats), which become the result; `add`: they are added to what it holds.
template <class Run>
void in_floats(context& ctx, void* result, std::int64_t count, dnnl_data_type_t type, bool add, const Run& run) {
    if (type == dnnl_f32) return run(static_cast<float*>(result));
    const view<bf16, dynamic> rounded(static_cast<bf16*>(result), count);
    const auto sums = ctx.arena.take<float, dynamic>(count);
    if (add) convert_on(ctx, rounded.read(), sums);
    run(sums.data());
    convert_on(ctx, sums.read(), rounded);
}

// The three passes, once for all channels and element types: the shape says which. work: of a piece, in
// multiplications.

inline void convolve(context& ctx, const convolution_shape& shape, const void* x, const void* w, const float* bias,
                     void* y, std::int64_t work) {
    const arena::scope scope(ctx.arena);
    if (is_for_copies(shape))
        return in_floats(ctx, y, shape.y.positions() * shape.out, shape.result, shape.add, [&](float* sums) {
            convolve(ctx, in_float(shape), floats(ctx, x, shape.x.positions() * shape.in, shape.compute),
                     floats(ctx, w, shape.weights(), shape.compute), bias, sums, work);
        });
    const auto& library = ctx.library;
    const convolution_passes passes(
        ctx, pieces_of(shape, writes::y, work), conv_forward, shape.add,
        [&](const convolution_shape& piece, const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
            return describe_forward(library, piece, true, attributes, desc);
        });
    const blocked_kernels kernels(ctx, passes, conv_kernel_forward, w);
    passes.each([&](std::size_t i, const convolution_piece& piece, const onednn_primitive& primitive) {
        const convolution_shape& s = piece.shape;
        library.run(thread_scratch(), primitive,
                    {{DNNL_ARG_SRC, library.wrap(s.input(s.compute), behind(x, piece.x, s.compute))},
                     {DNNL_ARG_WEIGHTS, kernels.of(passes.kind_of(i))},
                     {DNNL_ARG_DST, library.wrap(s.output(s.result), behind(y, piece.y, s.result))},
                     {DNNL_ARG_BIAS, bias ? library.wrap(s.bias_vector(), bias) : onednn_tensor()}});
    });
}

inline void convolve_back(context& ctx, const convolution_shape& shape, const void* dy, const void* w, void* dx,
                          std::int64_t work) {
    const arena::scope scope(ctx.arena);
    if (is_for_copies(shape))
        return in_floats(ctx, dx, shape.x.positions() * shape.in, shape.result, false, [&](float* sums) {
            convolve_back(ctx, in_float(shape), floats(ctx, dy, shape.y.positions() * shape.out, shape.compute),
                          floats(ctx, w, shape.weights(), shape.compute), sums, work);
        });
    const auto& library = ctx.library;
    const convolution_passes passes(
        ctx, pieces_of(shape, writes::x, work), conv_input, false,
        [&](const convolution_shape& piece, const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
            return describe_backward_input(library, piece, attributes, desc);
        });
    const blocked_kernels kernels(ctx, passes, conv_kernel_input, w);
    passes.each([&](std::size_t i, const convolution_piece& piece, const onednn_primitive& primitive) {
        const convolution_shape& s = piece.shape;
        library.run(thread_scratch(), primitive,
                    {{DNNL_ARG_DIFF_DST, library.wrap(s.output(s.compute), behind(dy, piece.y, s.compute))},
                     {DNNL_ARG_WEIGHTS, kernels.of(passes.kind_of(i))},
                     {DNNL_ARG_DIFF_SRC, library.wrap(s.input(s.result), behind(dx, piece.x, s.result))}});
    });
}

/// sums[first] += those behind it, up to `last`, in order.
inline void add_up(const std::vector<onednn_tensor>& sums, std::size_t first, std::size_t last) {
    if (last - first < 2) return;
    float* const to = static_cast<float*>(sums[first].data());
    const auto count = static_cast<std::int64_t>(sums[first].layout().bytes() / sizeof(float));
    parallel_pieces(
        count, 4096,
        [&](std::int64_t begin, std::int64_t end) {
            for (std::size_t i = first + 1; i < last; ++i) {
                const float* const from = static_cast<const float*>(sums[i].data());
                for (std::int64_t j = begin; j < end; ++j) to[j] += from[j];
            }
        },
        static_cast<std::int64_t>(last - first));
}

/// oneDNN 2.6 multiplies by zeros what it has not written of its scratch memory, and that may be no number, where a
/// stride leaves few columns.
inline bool reads_scratch(const convolution_shape& s) {
    const conv_axis& width = s.geometry.width;
    return s.compute == dnnl_bf16 && width.stride > 1 &&
           (s.y.width <= width.stride || none_is_inside(width, s.x.width));
}

/// Each piece has sums of its own, which are added in order.
inline void correlate(context& ctx, const convolution_shape& shape, const void* x, const void* dy, float* dw,
                      std::int64_t work) {
    const arena::scope scope(ctx.arena);
    if (is_for_copies(shape))
        return correlate(ctx, in_float(shape), floats(ctx, x, shape.x.positions() * shape.in, shape.compute),
                         floats(ctx, dy, shape.y.positions() * shape.out, shape.compute), dw, work);
    const auto& library = ctx.library;
    std::vector<convolution_piece> pieces = pieces_of(shape, writes::y, work);
    const auto too_few_rows = [](const convolution_piece& piece) {
        const convolution_shape& s = piece.shape;
        return has_too_few_rows(s.geometry.height, s.x.height, s.compute);
    };
    if (std::any_of(pieces.begin(), pieces.end(), too_few_rows)) // whole clips instead
        pieces = pieces_of(shape, writes::y, std::max(work, shape.multiplications() / shape.y.batch));
    const convolution_passes passes(
        ctx, std::move(pieces), conv_weight, false,
        [&](const convolution_shape& piece, const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
            return describe_backward_weight(library, piece, attributes, desc);
        });
    std::vector<onednn_tensor> sums;
    for (std::size_t i = 0; i < passes.size(); ++i)
        sums.push_back(take_tensor(ctx, {passes.kinds()[passes.kind_of(i)].primitive, DNNL_ARG_DIFF_WEIGHTS}));
    passes.each([&](std::size_t i, const convolution_piece& piece, const onednn_primitive& primitive) {
        const convolution_shape& s = piece.shape;
        library.run(thread_scratch(), primitive,
                    {{DNNL_ARG_SRC, library.wrap(s.input(s.compute), behind(x, piece.x, s.compute))},
                     {DNNL_ARG_DIFF_DST, library.wrap(s.output(s.compute), behind(dy, piece.y, s.compute))},
                     {DNNL_ARG_DIFF_WEIGHTS, sums[i]}},
                    reads_scratch(s));
    });

    const auto plain = shape.kernel(dnnl_f32, dnnl_odhwi);
    for (std::size_t first = 0; first < sums.size();) { // those of one layout after the other
        std::size_t last = first + 1;
        while (last < sums.size() && sums[last].layout() == sums[first].layout()) ++last;
        add_up(sums, first, last);
        const alone one;
        reorder(ctx.library, ctx.arena, passes.kinds()[passes.kind_of(first)].shape.key(conv_gradient), sums[first],
                ctx.library.wrap(plain, dw), true);
        first = last;
    }
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
    if constexpr (detail::is_narrow<W>) {
        const auto kernel = detail::take_tap_kernel<T>(ctx, w);
        constexpr int KO = decltype(kernel)::static_extent(0);
        detail::each_tap_row<W>([&](int row, int tap) { std::copy_n(w.data() + row * I, I, kernel.data() + tap * I); });
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
        const auto shape = detail::shape_of<T, V>(size_of(to), w, size_of(dy), parts.rest, false, false);
        detail::convolve_back(ctx, shape, dy.data(), w.data(), to.data(), detail::piece_work(shape));
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
    const split_geometry parts = detail::split_for_sums(g, size_of(x), onednn_type<T>());
    const auto from = parts.writes() ? detail::written_out(ctx, parts.written, x, none{}) : x;
    if constexpr (detail::is_pointwise<DW>) {
        const std::int64_t rows = size_of(from).positions();
        if (detail::is_product<DW>(parts.rest))
            return linear_grad_weight_on(ctx, from.template as<dynamic, I>(rows), dy.template as<dynamic, O>(rows),
                                         dw.template as<O, I>(), dbias);
    }
    if constexpr (!is_none<DBias>) linear_grad_bias_on(ctx, dy.template as<dynamic, O>(size_of(dy).positions()), dbias);
    if constexpr (detail::is_narrow<DW>) {
        const auto dkernel = detail::take_tap_kernel<float>(ctx, dw);
        constexpr int KO = decltype(dkernel)::static_extent(0);
        std::fill_n(dkernel.data(), dkernel.size(), 0.0f);
        const auto dtaps =
            video_size{dy.extent(0), dy.extent(1), dy.extent(2), from.extent(3)}.template take<T, KO>(ctx.arena);
        detail::spread_taps(parts.rest.width, dy, dtaps);
        conv3d_grad_weight_on(ctx, detail::without_width(parts.rest), from, dtaps.read(), dkernel, none{});
        detail::each_tap_row<DW>([&](int row, int tap) {
            for (int c = 0; c < I; ++c) dw.data()[row * I + c] += dkernel.data()[tap * I + c];
        });
        return;
    }
    const auto shape = detail::shape_of<T, float>(size_of(from), dw, size_of(dy), parts.rest, false, false);
    const std::int64_t least = shape.multiplications() / convolution_sums(shape.y.positions(), dw.size()) + 1;
    detail::correlate(ctx, shape, from.data(), dy.data(), dw.data(), std::max(detail::piece_work(shape), least));
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
