// Convolution primitives of oneDNN 2.6 and 3.x, and the reorders between walt's kernel order and the library's own.
#pragma once

#include "../conv3d.hpp"
#include "context.hpp"
#include "seen_taps.hpp"

#include <array>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// All that a convolution's primitives depend on.
struct convolution_shape {
    video_size x, y;
    std::int64_t in, out;
    conv_geometry geometry;       // whose padding is zeros
    std::array<int, 3> in_memory; // extents of the kernel that the geometry's is all or a part of
    bool bias, add;
    dnnl_data_type_t compute, result; // of x and w, and of what is computed

    friend bool operator==(const convolution_shape&, const convolution_shape&) = default;
    /// Without the taps that see nothing but padding.
    conv_geometry seen() const {
        return {detail::seen_taps(geometry.time, x.frames, y.frames),
                detail::seen_taps(geometry.height, x.height, y.height),
                detail::seen_taps(geometry.width, x.width, y.width)};
    }
    /// Of the taps that are seen.
    std::int64_t multiplications() const {
        const conv_geometry taps = seen();
        return y.positions() * in * out * taps.time.kernel * taps.height.kernel * taps.width.kernel;
    }
    std::int64_t weights_in_memory() const { return in * out * in_memory[0] * in_memory[1] * in_memory[2]; }
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
                in_memory[0],
                in_memory[1],
                in_memory[2],
                bias,
                add,
                static_cast<std::int64_t>(compute),
                static_cast<std::int64_t>(result)};
    }
    onednn_layout input(dnnl_data_type_t type) const {
        return {type, {x.batch, in, x.frames, x.height, x.width}, dnnl_ndhwc};
    }
    onednn_layout output(dnnl_data_type_t type) const {
        return {type, {y.batch, out, y.frames, y.height, y.width}, dnnl_ndhwc};
    }
    /// As the library likes it, which blocks it for its kernels.
    onednn_layout kernel(dnnl_data_type_t type) const {
        return {
            type, {out, in, geometry.time.kernel, geometry.height.kernel, geometry.width.kernel}, dnnl_format_tag_any};
    }
    /// As it lies in walt's memory, among taps that are left out.
    onednn_layout plain_kernel(dnnl_data_type_t type) const {
        const std::int64_t row = in_memory[2] * in, frame = in_memory[1] * row;
        return {type,
                {out, in, geometry.time.kernel, geometry.height.kernel, geometry.width.kernel},
                {in_memory[0] * frame, 1, frame, row, in}};
    }
    onednn_layout bias_vector() const { return {dnnl_f32, {out}, dnnl_a}; }
    using axes = std::array<dnnl_dim_t, 3>;
    axes strides() const { return {geometry.time.stride, geometry.height.stride, geometry.width.stride}; }
    axes before() const { return {geometry.time.before, geometry.height.before, geometry.width.before}; }
    /// What the last output needs behind the input; less than the geometry's where the stride leaves elements over.
    axes after() const {
        const auto needed = [](const conv_axis& axis, std::int64_t places, std::int64_t extent) {
            return (places - 1) * axis.stride + axis.kernel - axis.before - extent;
        };
        return {needed(geometry.time, y.frames, x.frames), needed(geometry.height, y.height, x.height),
                needed(geometry.width, y.width, x.width)};
    }
};

// What describes a pass: desc is the library's answer.

inline dnnl_status_t describe_forward(const onednn& library, const convolution_shape& s, bool with_result,
                                      const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
    const auto x = s.input(s.compute), w = s.kernel(s.compute), y = s.output(with_result ? s.result : s.compute),
               bias = s.bias_vector();
    const auto added = with_result && s.bias ? bias.get() : nullptr;
    const auto strides = s.strides(), before = s.before(), after = s.after();
    return describe(library, onednn_convolution, nullptr, attributes, desc, dnnl_forward_training,
                    dnnl_convolution_direct, x.get(), w.get(), added, y.get(), strides.data(), nullptr, before.data(),
                    after.data());
}

/// The forward pass that the two backward ones belong to.
inline onednn_primitive_desc forward_hint(const onednn& library, const convolution_shape& s) {
    onednn_primitive_desc desc;
    require_onednn(describe_forward(library, s, false, nullptr, desc.out()), "describe a convolution");
    return desc;
}

inline dnnl_status_t describe_backward_input(const onednn& library, const convolution_shape& s,
                                             const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
    const auto dx = s.input(s.result), w = s.kernel(s.compute), dy = s.output(s.compute);
    const auto strides = s.strides(), before = s.before(), after = s.after();
    return describe(library, onednn_convolution_input, forward_hint(library, s), attributes, desc,
                    dnnl_convolution_direct, dx.get(), w.get(), dy.get(), strides.data(), nullptr, before.data(),
                    after.data());
}

inline dnnl_status_t describe_backward_weight(const onednn& library, const convolution_shape& s,
                                              const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
    const auto x = s.input(s.compute), dy = s.output(s.compute), dw = s.kernel(dnnl_f32);
    const auto strides = s.strides(), before = s.before(), after = s.after();
    return describe(library, onednn_convolution_weight, forward_hint(library, s), attributes, desc,
                    dnnl_convolution_direct, x.get(), dw.get(), nullptr, dy.get(), strides.data(), nullptr,
                    before.data(), after.data());
}

/// to (+)= from, between two layouts of one tensor. `key` names the pair.
inline void reorder(onednn& library, arena& scratch, const onednn::key& key, const onednn_tensor& from,
                    const onednn_tensor& to, bool add) {
    const auto primitive =
        library.cached(key, add, [&](const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
            return dnnl_reorder_primitive_desc_create(desc, from.layout().get(), library.engine(), to.layout().get(),
                                                      library.engine(), attributes);
        });
    library.run(scratch, primitive, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
