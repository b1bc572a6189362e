// CPU: noise, mixtures and the loss on all cores.
#pragma once

#include "../reference/diffusion.hpp"
#include "context.hpp"

#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class CA, class X, class CB, class Y, class Out>
void frame_blend_on(context&, CA a, X x, CB b, Y y, Out out) {
    const std::int64_t frames = a.extent(0), size = x.size() / std::max<std::int64_t>(1, frames);
    parallel(frames, [&](std::int64_t f) {
        const float left = a(f), right = b(f);
        const float *from_x = x.data() + f * size, *from_y = y.data() + f * size;
        float* to = out.data() + f * size;
        for (std::int64_t i = 0; i < size; ++i) to[i] = left * from_x[i] + right * from_y[i];
    });
}

template <class Out> void normal_on(context&, philox sequence, Out out) {
    parallel_pieces(out.size(), 4096, [&](std::int64_t first, std::int64_t last) {
        float four[4];
        for (std::int64_t i = first; i < last; i += 4) {
            sequence.normals(static_cast<std::uint64_t>(i / 4), four);
            for (std::int64_t j = i; j < std::min(last, i + 4); ++j)
                out.data()[j] = static_cast<typename Out::element>(four[j - i]);
        }
    });
}

template <class X, class Y, class W, class Loss, class DX>
void square_error_on(context&, X x, Y y, W weight, Loss loss, DX dx) {
    const std::int64_t frames = weight.extent(0), size = x.size() / std::max<std::int64_t>(1, frames);
    std::vector<double> sums(static_cast<std::size_t>(frames));
    double weights = 0, sum = 0;
    for (std::int64_t f = 0; f < frames; ++f) weights += static_cast<double>(weight(f));
    const double share = weights > 0 ? 1.0 / (weights * static_cast<double>(size)) : 0.0;
    parallel(frames, [&](std::int64_t f) {
        const float slope = static_cast<float>(2 * share * static_cast<double>(weight(f)));
        double frame = 0;
        for (std::int64_t i = f * size; i < (f + 1) * size; ++i) {
            const float difference = x.data()[i] - y.data()[i];
            frame += static_cast<double>(difference) * static_cast<double>(difference);
            dx.data()[i] = slope * difference;
        }
        sums[static_cast<std::size_t>(f)] = frame;
    });
    for (std::int64_t f = 0; f < frames; ++f) sum += static_cast<double>(weight(f)) * sums[static_cast<std::size_t>(f)];
    loss(0) = static_cast<float>(sum * share);
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
