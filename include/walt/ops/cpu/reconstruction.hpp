// CPU: the pixel loss on all cores, with sums of fixed pieces added in order.
#pragma once

#include "../reference/reconstruction.hpp"
#include "context.hpp"

#include <algorithm>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class X, class Y, class Loss, class DX>
void reconstruction_error_on(context&, X x, Y y, double absolute, Loss loss, DX dx) {
    constexpr std::int64_t piece = 16384;
    const double share = 1.0 / static_cast<double>(std::max<std::int64_t>(1, x.size()));
    const float twice = static_cast<float>(2 * share), slope = static_cast<float>(absolute * share);
    std::vector<double> sums(static_cast<std::size_t>((x.size() + piece - 1) / piece));
    parallel_pieces(x.size(), piece, [&](std::int64_t first, std::int64_t last) {
        float squares[16] = {}, sizes[16] = {};
        for (std::int64_t i = first; i < last; ++i) {
            const float difference = x.data()[i] - y.data()[i], size = difference < 0 ? -difference : difference;
            squares[(i - first) % 16] += difference * difference;
            sizes[(i - first) % 16] += size;
            dx.data()[i] = twice * difference + (difference > 0 ? slope : (difference < 0 ? -slope : 0.0f));
        }
        double& sum = sums[static_cast<std::size_t>(first / piece)];
        for (int l = 0; l < 16; ++l) sum += static_cast<double>(squares[l]) + absolute * static_cast<double>(sizes[l]);
    });
    double sum = 0;
    for (const double part : sums) sum += part;
    loss(0) = static_cast<float>(share * sum);
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
