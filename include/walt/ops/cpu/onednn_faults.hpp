// What is wrong in oneDNN 2.6's sums for the gradient of a convolution's kernel, and where: the shapes that need their
// edges written out, whole clips, or scratch memory of zeros. tests/sweeps found them.
#pragma once

#include "onednn_convolution.hpp"
#include "padded_video.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail {

/// No place of the kernel lies within the axis: each reaches over an edge.
inline bool none_is_inside(const conv_axis& axis, std::int64_t extent) {
    const std::int64_t first = (axis.before + axis.stride - 1) / axis.stride; // place that begins within
    return first * axis.stride - axis.before + axis.kernel > extent;
}
/// Sums of bf16 are wrong, or read and write beside their memory, where no place is inside: of rows that have padding,
inline bool has_too_few_rows(const conv_axis& rows, std::int64_t extent, dnnl_data_type_t type) {
    return type == dnnl_bf16 && rows.before + rows.after > 0 && none_is_inside(rows, extent);
}
/// and of frames that have it at both ends.
inline bool has_too_few_frames(const conv_axis& time, std::int64_t extent, dnnl_data_type_t type) {
    return type == dnnl_bf16 && time.before > 0 && time.after > 0 && none_is_inside(time, extent);
}
/// What is written out for the sums: edges that are repeated, and where they would be wrong.
inline split_geometry split_for_sums(const conv_geometry& g, const video_size& x, dnnl_data_type_t type) {
    const video_size y = g.after(x);
    const conv_axis time = seen_taps(g.time, x.frames, y.frames), rows = seen_taps(g.height, x.height, y.height);
    return split_padding(g, repeats(g.time) || has_too_few_frames(time, x.frames, type),
                         repeats(g.height) || has_too_few_rows(rows, x.height, type), repeats(g.width));
}
/// Zeros are multiplied by what has not been written of the scratch memory, and that may be no number, where a stride
/// leaves few columns.
inline bool reads_scratch(const convolution_shape& s) {
    const conv_axis& width = s.geometry.width;
    return s.compute == dnnl_bf16 && width.stride > 1 &&
           (s.y.width <= width.stride || none_is_inside(width, s.x.width));
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail
