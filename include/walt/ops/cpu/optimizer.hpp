// CPU: AdamW on all cores.
#pragma once

#include "../reference/optimizer.hpp"
#include "context.hpp"

#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T, class Kinds>
void adamw_on(context&, const adamw_update& with, Kinds kinds, view<const double, 1> squares,
              view<const float, dynamic> losses, view<float, dynamic> w, view<float, dynamic> g, view<float, dynamic> m,
              view<float, dynamic> v, view<float, dynamic> average, view<T, dynamic> copy) {
    if (!reference::all_finite(squares, losses)) return;
    const float scale = static_cast<float>(with.gradient_scale(squares(0)));
    parallel_pieces(w.size() / 64, 256, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t block = first; block < last; ++block) {
            float *W = w.data() + block * 64, *G = g.data() + block * 64, *M = m.data() + block * 64,
                  *V = v.data() + block * 64, *E = average.data() + block * 64;
            const std::uint8_t kind = kinds(block);
            if (kind == block_fixed) std::fill_n(G, 64, 0.0f);
            else
                for (int i = 0; i < 64; ++i)
                    reference::adamw_element(with, scale, kind == block_decayed, W[i], G[i], M[i], V[i], E[i]);
            if constexpr (!std::is_same_v<float, T>)
                for (int i = 0; i < 64; ++i) copy.data()[block * 64 + i] = static_cast<T>(W[i]);
        }
    });
}

template <class X> void sum_of_squares_on(context&, X x, view<double, 1> sum) {
    constexpr std::int64_t piece = 16384;
    std::vector<double> sums(static_cast<std::size_t>((x.size() + piece - 1) / piece));
    parallel_pieces(x.size(), piece, [&](std::int64_t first, std::int64_t last) {
        double part[16] = {};
        for (std::int64_t i = first; i < last; ++i) {
            const double value = static_cast<double>(x.data()[i]);
            part[(i - first) % 16] += value * value;
        }
        for (const double p : part) sums[static_cast<std::size_t>(first / piece)] += p;
    });
    sum(0) = 0;
    for (const double part : sums) sum(0) += part;
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
