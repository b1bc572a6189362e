// A convolution in pieces that its shape alone fixes: some clips, or frames of a clip, or rows of an image. A piece is
// a smaller convolution, one thread's, and its tensors lie in the whole one's: nothing is copied.
#pragma once

#include "onednn_convolution.hpp"

#include <algorithm>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail {

/// A piece, and the elements of x, y and the kernel before its own.
struct convolution_piece {
    convolution_shape shape;
    std::int64_t x = 0, y = 0, w = 0;
};

/// Leaves out the taps that see nothing but padding.
inline void leave_out_unseen(convolution_piece& piece) {
    convolution_shape& s = piece.shape;
    const conv_geometry all = s.geometry;
    s.geometry = s.seen();
    const auto first = [](const conv_axis& before, const conv_axis& after) { return before.before - after.before; };
    const std::int64_t frames = first(all.time, s.geometry.time), rows = first(all.height, s.geometry.height),
                       columns = first(all.width, s.geometry.width);
    piece.w += ((frames * s.in_memory[1] + rows) * s.in_memory[2] + columns) * s.in;
}

/// Elements of an axis of x, and those of y that belong to them.
struct axis_part {
    std::int64_t x_first, x_last, y_first, y_last;
    bool empty() const { return x_first >= x_last || y_first >= y_last; }
};

/// Which tensor a pass writes: pieces share none of its elements.
enum class writes { y, x };

/// What elements [first, last) of the tensor that is written need of the other one.
inline axis_part part_of(const conv_axis& axis, std::int64_t extent, std::int64_t places, writes what,
                         std::int64_t first, std::int64_t last) {
    if (what == writes::y)
        return {std::max<std::int64_t>(0, first * axis.stride - axis.before),
                std::min(extent, (last - 1) * axis.stride - axis.before + axis.kernel), first, last};
    const std::int64_t behind = first + axis.before - axis.kernel + axis.stride; // the places whose kernel ends before
    return {first, last, std::max<std::int64_t>(0, behind) / axis.stride,
            std::min(places, (last - 1 + axis.before) / axis.stride + 1)};
}

/// The axis in runs of about `wanted` of its `work`. None: it is not to be cut, or a run would have nothing to do.
inline std::vector<axis_part> runs_of(const conv_axis& axis, std::int64_t extent, std::int64_t places, writes what,
                                      std::int64_t work, std::int64_t wanted) {
    const std::int64_t all = what == writes::y ? places : extent,
                       count = std::min(all, std::max<std::int64_t>(1, work / wanted));
    if (count < 2 || !axis.reaches_inside() || axis.kernel < axis.stride) return {};
    const std::int64_t step = what == writes::x ? axis.stride : 1, // else taps see nothing between others that do
        length = ((all + count - 1) / count + step - 1) / step * step;
    std::vector<axis_part> runs;
    for (std::int64_t first = 0; first < all; first += length) {
        runs.push_back(part_of(axis, extent, places, what, first, std::min(all, first + length)));
        if (runs.back().empty()) return {};
    }
    return runs;
}

/// The piece of one axis' run: the axis begins with less padding where the run begins inside.
inline void narrow(conv_axis& axis, std::int64_t& extent, std::int64_t& places, const axis_part& run) {
    axis.before = static_cast<int>(axis.before + run.x_first - run.y_first * axis.stride);
    extent = run.x_last - run.x_first;
    places = run.y_last - run.y_first;
}

/// A pass over a convolution in pieces of about `wanted` multiplications, without the taps that no piece sees.
inline std::vector<convolution_piece> pieces_of(const convolution_shape& whole, writes what, std::int64_t wanted) {
    convolution_piece seen{whole};
    leave_out_unseen(seen);
    const convolution_shape& s = seen.shape;
    const std::int64_t clip = s.multiplications() / std::max<std::int64_t>(1, s.y.batch);
    if (clip == 0) return {seen};
    const bool image = s.x.frames == 1 && s.y.frames == 1; // of several frames, rows do not lie together
    const auto runs = image ? runs_of(s.geometry.height, s.x.height, s.y.height, what, clip, wanted)
                            : runs_of(s.geometry.time, s.x.frames, s.y.frames, what, clip, wanted);
    const std::int64_t x_step = s.x.width * s.in * (image ? 1 : s.x.height),
                       y_step = s.y.width * s.out * (image ? 1 : s.y.height);
    const std::int64_t x_clip = s.x.positions() / s.x.batch * s.in, y_clip = s.y.positions() / s.y.batch * s.out;

    std::vector<convolution_piece> pieces;
    const std::int64_t at_once = runs.empty() ? (wanted + clip - 1) / clip : 1;
    for (std::int64_t b = 0; b < s.y.batch; b += at_once) {
        convolution_piece piece{s, b * x_clip, b * y_clip, seen.w};
        piece.shape.x.batch = piece.shape.y.batch = std::min(at_once, s.y.batch - b);
        if (runs.empty()) pieces.push_back(piece);
        for (const axis_part& run : runs) {
            convolution_piece part = piece;
            convolution_shape& own = part.shape;
            if (image) narrow(own.geometry.height, own.x.height, own.y.height, run);
            else narrow(own.geometry.time, own.x.frames, own.y.frames, run);
            part.x += run.x_first * x_step;
            part.y += run.y_first * y_step;
            pieces.push_back(part);
        }
    }
    return pieces;
}

/// Some 0.3 ms of work, and of a larger pass a 32nd.
inline std::int64_t piece_work(const convolution_shape& s) {
    return std::clamp<std::int64_t>(s.multiplications() / 32, 1 << 25, 1 << 28);
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET::detail
