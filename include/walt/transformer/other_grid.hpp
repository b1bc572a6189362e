// Tables of places on another grid: positions, and biases by relative place (docs/model.md 17).
#pragma once

#include "../core/error.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace walt {

/// Where the old samples of an axis lie on the new one: each in the middle of its cell, or the ends on the ends.
enum class axis_ends { half_cell, aligned };

/// values [outer, from, inner] to [outer, to, inner], linear between the two nearest of the old samples; before the
/// first and behind the last it is constant. Without antialiasing, as PyTorch's `interpolate`; but of aligned ends one
/// sample is the middle, so that the bias of a window of one token stays that of offset 0.
template <class A>
std::vector<A> resized_axis(const std::vector<A>& values, std::size_t from, std::size_t to, std::size_t inner,
                            axis_ends ends) {
    require(from > 0 && to > 0 && inner > 0 && values.size() % (from * inner) == 0,
            "{} numbers are no rows of {} places of {} numbers", values.size(), from, inner);
    if (from == to) return values;
    const std::size_t outer = values.size() / (from * inner);
    const double last = static_cast<double>(from - 1);
    std::vector<A> made(outer * to * inner);
    for (std::size_t o = 0; o < to; ++o) {
        const double place = static_cast<double>(o);
        const double at = ends == axis_ends::half_cell
                              ? (place + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5
                          : to == 1 ? 0.5 * last
                                    : place * last / static_cast<double>(to - 1);
        const double inside = std::clamp(at, 0.0, last);
        const auto left = std::min(static_cast<std::size_t>(inside), from - 1), right = std::min(left + 1, from - 1);
        const A share = static_cast<A>(inside - static_cast<double>(left));
        for (std::size_t i = 0; i < outer; ++i)
            for (std::size_t k = 0; k < inner; ++k) {
                const A before = values[(i * from + left) * inner + k], behind = values[(i * from + right) * inner + k];
                made[(i * to + o) * inner + k] = before + share * (behind - before);
            }
    }
    return made;
}

/// pos_space [h w, D], row-major, for another grid.
template <class A>
std::vector<A> resized_positions(const std::vector<A>& table, std::array<int, 2> from, std::array<int, 2> to, int dim) {
    const auto size = [](int extent) { return static_cast<std::size_t>(extent); };
    const std::vector<A> rows =
        resized_axis(table, size(from[0]), size(to[0]), size(from[1] * dim), axis_ends::half_cell);
    return resized_axis(rows, size(from[1]), size(to[1]), size(dim), axis_ends::half_cell);
}

/// rel_bias [heads, (2 t - 1) (2 h - 1) (2 w - 1)] of windows of t x h x w tokens, for other windows.
template <class A> std::vector<A> resized_bias(std::vector<A> table, std::array<int, 3> from, std::array<int, 3> to) {
    const auto offsets = [](int side) { return static_cast<std::size_t>(2 * side - 1); };
    table =
        resized_axis(table, offsets(from[0]), offsets(to[0]), offsets(from[1]) * offsets(from[2]), axis_ends::aligned);
    table = resized_axis(table, offsets(from[1]), offsets(to[1]), offsets(from[2]), axis_ends::aligned);
    return resized_axis(table, offsets(from[2]), offsets(to[2]), 1, axis_ends::aligned);
}

} // namespace walt
