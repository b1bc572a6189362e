// Convolution primitives of oneDNN 2.6 and 3.x, which run on OpenMP's threads, and the reorders between walt's kernel
// order and the library's own.
#pragma once

#include "../conv3d.hpp"
#include "context.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// All that a convolution's primitives depend on.
struct convolution_shape {
    video_size x, y;
    std::int64_t in, out;
    conv_geometry geometry; // whose padding is zeros
    bool bias, add;
    dnnl::memory::data_type compute, result; // of x and w, and of what is computed

    onednn::key key(std::int64_t primitive) const {
        const auto& [time, height, width] = geometry;
        return {primitive,
                x.batch,
                x.frames,
                x.height,
                x.width,
                in,
                out,
                time.kernel,
                time.stride,
                time.before,
                height.kernel,
                height.stride,
                height.before,
                width.kernel,
                width.stride,
                width.before,
                y.frames,
                y.height,
                y.width,
                bias,
                add,
                static_cast<std::int64_t>(compute),
                static_cast<std::int64_t>(result)};
    }
    dnnl::memory::desc input(dnnl::memory::data_type type) const {
        return {{x.batch, in, x.frames, x.height, x.width}, type, dnnl::memory::format_tag::ndhwc};
    }
    dnnl::memory::desc output(dnnl::memory::data_type type) const {
        return {{y.batch, out, y.frames, y.height, y.width}, type, dnnl::memory::format_tag::ndhwc};
    }
    /// odhwi is walt's memory order; any leaves it to the library, which blocks it for its kernels.
    dnnl::memory::desc kernel(dnnl::memory::data_type type, dnnl::memory::format_tag order) const {
        return {{out, in, geometry.time.kernel, geometry.height.kernel, geometry.width.kernel}, type, order};
    }
    dnnl::memory::desc bias_vector() const {
        return {{out}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a};
    }
    dnnl::memory::dims strides() const { return {geometry.time.stride, geometry.height.stride, geometry.width.stride}; }
    dnnl::memory::dims before() const { return {geometry.time.before, geometry.height.before, geometry.width.before}; }
    /// What the last output needs behind the input; less than the geometry's where the stride leaves elements over.
    dnnl::memory::dims after() const {
        const auto needed = [](const conv_axis& axis, std::int64_t places, std::int64_t extent) {
            return (places - 1) * axis.stride + axis.kernel - axis.before - extent;
        };
        return {needed(geometry.time, y.frames, x.frames), needed(geometry.height, y.height, x.height),
                needed(geometry.width, y.width, x.width)};
    }
};

namespace detail {

inline dnnl::convolution_forward::primitive_desc forward_desc(const onednn& library, const convolution_shape& s,
                                                              bool with_result,
                                                              const dnnl::primitive_attr& attributes) {
    const auto x = s.input(s.compute), w = s.kernel(s.compute, dnnl::memory::format_tag::any),
               y = s.output(with_result ? s.result : s.compute);
    const auto kind = dnnl::prop_kind::forward_training;
    const auto how = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    if (with_result && s.bias)
        return {library.engine, kind, how, x, w, s.bias_vector(), y, s.strides(), s.before(), s.after(), attributes};
    return {library.engine, kind, how, x, w, y, s.strides(), s.before(), s.after(), attributes};
#else
    const dnnl::convolution_forward::desc desc =
        with_result && s.bias
            ? dnnl::convolution_forward::desc(kind, how, x, w, s.bias_vector(), y, s.strides(), s.before(), s.after())
            : dnnl::convolution_forward::desc(kind, how, x, w, y, s.strides(), s.before(), s.after());
    return {desc, attributes, library.engine};
#endif
}

} // namespace detail

inline dnnl::primitive make_forward(const onednn& library, const convolution_shape& s,
                                    const dnnl::primitive_attr& attributes) {
    return dnnl::convolution_forward(detail::forward_desc(library, s, true, attributes));
}

inline dnnl::primitive make_backward_input(const onednn& library, const convolution_shape& s,
                                           const dnnl::primitive_attr& attributes) {
    const auto hint = detail::forward_desc(library, s, false, {});
    const auto dx = s.input(s.result), w = s.kernel(s.compute, dnnl::memory::format_tag::any), dy = s.output(s.compute);
    const auto how = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::convolution_backward_data::primitive_desc desc(library.engine, how, dx, w, dy, s.strides(), s.before(),
                                                               s.after(), hint, attributes);
#else
    const dnnl::convolution_backward_data::primitive_desc desc(
        dnnl::convolution_backward_data::desc(how, dx, w, dy, s.strides(), s.before(), s.after()), attributes,
        library.engine, hint);
#endif
    return dnnl::convolution_backward_data(desc);
}

inline dnnl::primitive make_backward_weight(const onednn& library, const convolution_shape& s,
                                            const dnnl::primitive_attr& attributes) {
    const auto hint = detail::forward_desc(library, s, false, {});
    const auto x = s.input(s.compute), dy = s.output(s.compute),
               dw = s.kernel(dnnl::memory::data_type::f32, dnnl::memory::format_tag::any);
    const auto how = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    const auto desc =
        s.bias
            ? dnnl::convolution_backward_weights::primitive_desc(library.engine, how, x, dw, s.bias_vector(), dy,
                                                                 s.strides(), s.before(), s.after(), hint, attributes)
            : dnnl::convolution_backward_weights::primitive_desc(library.engine, how, x, dw, dy, s.strides(),
                                                                 s.before(), s.after(), hint, attributes);
#else
    const dnnl::convolution_backward_weights::primitive_desc desc(
        s.bias ? dnnl::convolution_backward_weights::desc(how, x, dw, s.bias_vector(), dy, s.strides(), s.before(),
                                                          s.after())
               : dnnl::convolution_backward_weights::desc(how, x, dw, dy, s.strides(), s.before(), s.after()),
        attributes, library.engine, hint);
#endif
    return dnnl::convolution_backward_weights(desc);
}

/// to (+)= from, between two layouts of one tensor. `key` names the pair.
inline void reorder(onednn& library, arena& scratch, const onednn::key& key, const dnnl::memory& from,
                    const dnnl::memory& to, bool add) {
    const auto primitive = library.cached(key, add, [&](const dnnl::primitive_attr& attributes) -> dnnl::primitive {
        return dnnl::reorder(dnnl::reorder::primitive_desc(from, to, attributes));
    });
    library.run(scratch, primitive, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
