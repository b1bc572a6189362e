// CPU: noise, mixtures and the loss on all cores.
#pragma once

#include "../reference/diffusion.hpp"
#include "context.hpp"

#include <algorithm>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

/// The elements of frames in pieces of a fixed size.
struct frame_elements {
    static constexpr std::int64_t length = 16384;
    std::int64_t size, frames;
    std::int64_t per_frame = size / std::max<std::int64_t>(1, frames), count = (per_frame + length - 1) / length;

    /// Calls body(piece, frame, first element, last element) for every piece.
    template <class Body> void each(const Body& body) const {
        parallel(frames * count, std::min(length, per_frame), [&](std::int64_t i) {
            const std::int64_t f = i / count, first = f * per_frame + i % count * length;
            body(i, f, first, std::min(first + length, (f + 1) * per_frame));
        });
    }
};

} // namespace detail

template <class CA, class X, class CB, class Y, class Out>
void frame_blend_on(context&, CA a, X x, CB b, Y y, Out out) {
    const detail::frame_elements elements{x.size(), a.extent(0)};
    elements.each([&](std::int64_t, std::int64_t f, std::int64_t first, std::int64_t last) {
        const float left = a(f), right = b(f);
        const float *from_x = x.data(), *from_y = y.data();
        float* to = out.data();
        for (std::int64_t i = first; i < last; ++i) to[i] = left * from_x[i] + right * from_y[i];
    });
}

template <class Out> void normal_on(context&, philox sequence, Out out) {
    constexpr std::int64_t cost = 20; // of a normal: ten rounds for four of them, and their logarithms and cosines
    parallel_pieces(
        out.size(), 4096,
        [&](std::int64_t first, std::int64_t last) {
            float four[4];
            for (std::int64_t i = first; i < last; i += 4) {
                sequence.normals(static_cast<std::uint64_t>(i / 4), four);
                for (std::int64_t j = i; j < std::min(last, i + 4); ++j)
                    out.data()[j] = static_cast<typename Out::element>(four[j - i]);
            }
        },
        cost);
}

template <class X, class Y, class W, class Loss, class DX>
void square_error_on(context& ctx, X x, Y y, W weight, Loss loss, DX dx) {
    const detail::frame_elements elements{x.size(), weight.extent(0)};
    const arena::scope scope(ctx.arena);
    const auto sums = ctx.arena.template take<double, dynamic>(elements.frames * elements.count);
    double weights = 0, sum = 0;
    for (std::int64_t f = 0; f < elements.frames; ++f) weights += static_cast<double>(weight(f));
    const double share = weights > 0 ? 1.0 / (weights * static_cast<double>(elements.per_frame)) : 0.0;
    elements.each([&](std::int64_t piece, std::int64_t f, std::int64_t first, std::int64_t last) {
        const float slope = static_cast<float>(2 * share * static_cast<double>(weight(f)));
        double squares = 0;
        for (std::int64_t i = first; i < last; ++i) {
            const float difference = x.data()[i] - y.data()[i];
            squares += static_cast<double>(difference) * static_cast<double>(difference);
            dx.data()[i] = slope * difference;
        }
        sums(piece) = squares;
    });
    for (std::int64_t i = 0; i < sums.size(); ++i) sum += static_cast<double>(weight(i / elements.count)) * sums(i);
    loss(0) = static_cast<float>(sum * share);
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
