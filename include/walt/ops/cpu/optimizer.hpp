// CPU: AdamW, the average and the gradient's norm on all cores.
#pragma once

#include "../reference/optimizer.hpp"
#include "context.hpp"

#include <cmath>
#include <vector>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

template <class T, class Blocks>
void adamw_on(context&, const adamw_update& with, Blocks blocks, view<const float, 1> scale, view<float, dynamic> w,
              view<float, dynamic> g, view<float, dynamic> m, view<float, dynamic> v, view<T, dynamic> copy) {
    if (std::isnan(scale(0))) return;
    constexpr int size = block_elements;
    const float factor = scale(0);
    parallel_pieces(
        blocks.size(), 256,
        [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t block = first; block < last; ++block) {
                const trained_block of = blocks(block);
                if (of.place < 0) continue;
                float *const weight = w.data() + std::int64_t{of.place} * size,
                             *const gradient = g.data() + block * size, *const mean = m.data() + block * size,
                             *const square = v.data() + block * size;
                for (int i = 0; i < size; ++i)
                    reference::adamw_element(with, factor, of.decayed != 0, weight[i], gradient[i], mean[i], square[i]);
                if constexpr (!std::is_same_v<float, T>)
                    for (int i = 0; i < size; ++i)
                        copy.data()[std::int64_t{of.place} * size + i] = static_cast<T>(weight[i]);
            }
        },
        block_elements);
}

template <class Blocks>
void average_on(context&, double keep, Blocks blocks, view<const float, dynamic> masters,
                view<float, dynamic> average) {
    constexpr int size = block_elements;
    parallel_pieces(
        blocks.size(), 256,
        [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t block = first; block < last; ++block) {
                if (blocks(block).place < 0) continue;
                const std::int64_t at = std::int64_t{blocks(block).place} * size;
                for (std::int64_t i = at; i < at + size; ++i)
                    average.data()[i] = reference::averaged(keep, average.data()[i], masters.data()[i]);
            }
        },
        block_elements);
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
