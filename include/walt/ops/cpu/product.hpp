// Products of matrices in memory by the processor's vectors, in float, and in bf16 where it multiplies that; elsewhere
// bf16 becomes float where it is packed.
//
// Walt's own because what follows a product (bias, activation, gate) is done on sums that are still in the nearest
// cache, and because forward these reach 87 to 96 % of what such a processor can multiply, and Debian's oneDNN 60 to
// 77 % (docs/results.md, Speed). The right operand is packed into panels of a few vectors' columns; a block of the
// result, six rows of a panel, is summed in registers over the whole depth (Goto and van de Geijn 2008; Van Zee and van
// de Geijn 2015). An element of the result is the same sum whatever the number of rows and of threads.
#pragma once

#include "parallel.hpp"
#include "small_product.hpp"

#include <algorithm>
#include <cstring>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

inline constexpr int panel_width = block_vectors * vector_lanes; // columns
inline constexpr int block_height = 6; // rows: 24 sums of AVX-512's 32 registers, 12 of AVX2's 16
inline constexpr int cache_line = 64;  // bytes
inline constexpr int piece_rows = 16 * block_height, packing_ahead = 16; // rows

typedef float unit_in_memory __attribute__((aligned(2), may_alias));
using block_sums = float[block_height][panel_width];

/// sums = left right over `depth` units, of the first Vectors of a panel; the units of a row of left are `step` apart,
/// those of right [depth, panel_width].
template <class T, int Vectors>
[[gnu::noinline]] inline void product_block(std::int64_t depth, const unit_in_memory* const (&left)[block_height],
                                            std::int64_t step, const float* right, block_sums& sums) {
    float_vector sum[block_height][Vectors];
#pragma GCC unroll 8
    for (int i = 0; i < block_height; ++i)
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) sum[i][v] = float_vector{};
    for (std::int64_t k = 0; k < depth; ++k) {
        float_vector row[Vectors];
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) load(row[v], right + k * panel_width + v * vector_lanes);
#pragma GCC unroll 8
        for (int i = 0; i < block_height; ++i)
#pragma GCC unroll 8
            for (int v = 0; v < Vectors; ++v) multiply_add<T>(sum[i][v], left[i][k * step], row[v]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < block_height; ++i)
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) store(sum[i][v], sums[i] + v * vector_lanes);
}

/// The same of so many columns; a panel of few, a tokenizer's of 16 or 32 channels, is not multiplied as a full one.
template <class T, int Vectors = block_vectors>
void product_block(int columns, std::int64_t depth, const unit_in_memory* const (&left)[block_height],
                   std::int64_t step, const float* right, block_sums& sums) {
    if constexpr (Vectors > 1)
        if (columns <= (Vectors - 1) * vector_lanes)
            return product_block<T, Vectors - 1>(columns, depth, left, step, right, sums);
    product_block<T, Vectors>(depth, left, step, right, sums);
}

/// Elements of T in a unit.
template <class T> inline constexpr int unit_depth = static_cast<int>(sizeof(float) / sizeof(operand_t<T>));

/// Sixteen units of a row from an element on; zeros behind its end.
template <class T> inline void load_units(float_vector& v, const T* row, std::int64_t first, std::int64_t length) {
    v = float_vector{};
    if constexpr (!std::is_same_v<operand_t<T>, T>) {
        if (first < length) load_lanes(v, row + first, lanes_left(length - first));
    } else if (first + vector_lanes * unit_depth<T> <= length) std::memcpy(&v, row + first, sizeof v);
    else if (first < length) std::memcpy(&v, row + first, static_cast<std::size_t>(length - first) * sizeof(T));
}

/// One unit of each of sixteen or fewer columns: elements of two rows of bf16 side by side, or of one row of float.
template <class T> void load_pair(float_vector& v, const T* even, const T* odd, int count) {
    load_lanes(v, even, count);
    if constexpr (unit_depth<T> == 2) {
        float_vector high = {};
        if (odd) load_lanes(high, odd, count);
        v = reinterpret_cast<float_vector>((reinterpret_cast<bits_vector>(v) >> 16) |
                                           reinterpret_cast<bits_vector>(high));
    }
}

/// A matrix in memory, one row after the other.
template <class T> struct matrix {
    const T* data;
    std::int64_t rows, columns;
    const T* row(std::int64_t i) const { return data + i * columns; }
};

/// Some columns of a row that lies far from the last, which the processor does not foresee.
template <class T> inline void prefetch(const T* row, int count) {
    for (int c = 0; c < count; c += cache_line / static_cast<int>(sizeof(T))) __builtin_prefetch(row + c);
}

/// to [units of the rows, width]: the rows first .. last of some columns of a matrix as a right operand.
template <class T>
void pack_rows(const matrix<T>& from, std::int64_t first, std::int64_t last, std::int64_t column, int count, float* to,
               int width) {
    constexpr int deep = unit_depth<T>;
    for (std::int64_t r = first; r < last; r += deep, to += width) {
        for (int ahead = 0; ahead < deep; ++ahead)
            prefetch(from.row(std::min(r + packing_ahead + ahead, last - 1)) + column, count);
        const T *even = from.row(r) + column, *odd = r + 1 < last ? even + from.columns : nullptr;
        for (int c = 0; c < width; c += vector_lanes) {
            float_vector unit = {};
            if (c < count) load_pair(unit, even + c, odd ? odd + c : odd, lanes_left(count - c));
            store(unit, to + c);
        }
    }
}

/// to [units of the columns, panel_width]: `count` rows of a matrix as columns of a right operand.
template <class T> void pack_transposed(const matrix<T>& from, std::int64_t row, int count, float* to) {
    constexpr int deep = unit_depth<T>;
    const std::int64_t depth = (from.columns + deep - 1) / deep;
    for (std::int64_t k = 0; k < depth; k += vector_lanes)
        for (int n = 0; n < panel_width; n += vector_lanes) {
            float_vector block[vector_lanes];
#pragma GCC unroll 16
            for (int l = 0; l < vector_lanes; ++l)
                if (n + l < count) load_units(block[l], from.row(row + n + l), k * deep, from.columns);
                else block[l] = float_vector{};
            transpose(block);
            for (int l = 0; l < vector_lanes && k + l < depth; ++l) store(block[l], to + (k + l) * panel_width + n);
        }
}

/// A right operand in panels [depth, panel_width], one after the other; zeros behind its last column.
struct packed_panels {
    std::int64_t depth, columns; ///< depth in units
    float* data;

    /// Of [rows, columns] of T, in no memory yet.
    template <class T> static packed_panels of(std::int64_t rows, std::int64_t columns) {
        return {(rows + unit_depth<T> - 1) / unit_depth<T>, columns, nullptr};
    }
    template <class T> static packed_panels take(arena& memory, std::int64_t rows, std::int64_t columns) {
        packed_panels made = of<T>(rows, columns);
        made.data = memory.take<float, dynamic>(static_cast<std::int64_t>(made.size())).data();
        return made;
    }
    std::size_t size() const { return static_cast<std::size_t>(count() * depth * panel_width); }
    std::int64_t count() const { return (columns + panel_width - 1) / panel_width; }
    float* panel(std::int64_t i) const { return data + i * depth * panel_width; }
    int width(std::int64_t i) const {
        return static_cast<int>(std::min<std::int64_t>(panel_width, columns - i * panel_width));
    }

    /// From a matrix [rows, columns], or one that is stored transposed.
    template <class T> void pack(const T* from, std::int64_t rows, bool transposed) const {
        parallel(count(), depth * panel_width / 4, [&](std::int64_t i) {
            if (transposed) pack_transposed(matrix<T>{from, columns, rows}, i * panel_width, width(i), panel(i));
            else pack_rows(matrix<T>{from, rows, columns}, 0, rows, i * panel_width, width(i), panel(i), panel_width);
        });
    }
};

/// How a result is cut: pieces of rows and of panels, by its shape alone, so many that threads find enough.
struct product_pieces {
    std::int64_t rows, panels, height;
    std::int64_t down = (rows + height - 1) / height;
    std::int64_t across = std::clamp<std::int64_t>((32 + down - 1) / std::max<std::int64_t>(down, 1), 1, panels);

    template <class Body> void each(std::int64_t cost, const Body& body) const {
        parallel(down * across, cost / (down * across), [&](std::int64_t i) {
            const std::int64_t row = i / across * height, part = i % across;
            body(row, std::min(rows, row + height), panels * part / across, panels * (part + 1) / across);
        });
    }
};

/// left right: put(row, first column, sums, count) gets `count` sums of a row, a panel at a time; ahead(row, first
/// column, count) says that these will come, while there is time to fetch what they meet in memory.
template <class T, class Ahead, class Put>
void multiply_packed(const matrix<T>& left, const packed_panels& right, const Ahead& ahead, const Put& put) {
    using operand = operand_t<T>;
    constexpr int deep = unit_depth<T>;
    if (left.rows == 0) return;
    const product_pieces pieces{left.rows, right.count(), piece_rows};
    pieces.each(left.rows * right.columns * left.columns / 64, [&](std::int64_t first, std::int64_t last,
                                                                   std::int64_t panel, std::int64_t panel_end) {
        const arena::scope scope(thread_scratch());
        const operand* rows = nullptr;
        std::int64_t stride = left.columns;
        if constexpr (std::is_same_v<operand, T>) rows = left.row(first);
        if (!rows || stride % deep) { // of another type, or a row ends in the middle of a unit: zeros behind it
            stride = right.depth * deep;
            operand* copied = thread_scratch().template take<operand, dynamic>((last - first) * stride).data();
            rows = copied;
            for (std::int64_t r = first; r < last; ++r, copied += stride) {
                for (std::int64_t c = 0; c < left.columns; ++c) copied[c] = static_cast<operand>(left.row(r)[c]);
                std::fill(copied + left.columns, copied + stride, operand{});
            }
        }
        for (; panel < panel_end; ++panel)
            for (std::int64_t r = first; r < last; r += block_height) {
                const unit_in_memory* block[block_height];
                for (int i = 0; i < block_height; ++i) // (behind the last row: the last again)
                    block[i] =
                        reinterpret_cast<const unit_in_memory*>(rows + (std::min(r + i, last - 1) - first) * stride);
                alignas(cache_line) block_sums sums;
                for (std::int64_t i = r; i < std::min(r + block_height, last); ++i)
                    ahead(i, panel * panel_width, right.width(panel));
                product_block<operand>(right.width(panel), right.depth, block, 1, right.panel(panel), sums);
                for (int i = 0; i < block_height && r + i < last; ++i)
                    put(r + i, panel * panel_width, sums[i], right.width(panel));
            }
    });
}

/// sum += both elements of every unit.
inline void add_units(float_vector& sum, const float_vector& units, float) { sum += units; }
inline void add_units(float_vector& sum, const float_vector& units, bf16) {
    const bits_vector bits = reinterpret_cast<bits_vector>(units);
    sum += reinterpret_cast<float_vector>(bits << 16);
    sum += reinterpret_cast<float_vector>(bits & 0xffff0000u);
}

/// result [left.columns, right.columns] += left^T right: both have the rows that are summed over. left_sums
/// [left.columns] += the sums of left's columns, unless it is null.
template <class T>
void multiply_transposed(const matrix<T>& left, const matrix<T>& right, float* result, float* left_sums) {
    using operand = operand_t<T>;
    constexpr int deep = unit_depth<T>, height = piece_rows;
    constexpr std::int64_t at_once = 256, rows_at_once = at_once * deep; // what is packed of them stays in cache
    const std::int64_t parts = (right.rows + rows_at_once - 1) / rows_at_once;
    if (parts == 0) return;
    const arena::scope scope(thread_scratch());
    const packed_panels panels = packed_panels::take<T>(thread_scratch(), parts * rows_at_once, right.columns);
    const std::int64_t count = panels.count();
    const auto packed_part = [&](std::int64_t part, std::int64_t panel) {
        return panels.data + (part * count + panel) * at_once * panel_width;
    };
    parallel(parts * count, at_once * panel_width / 4, [&](std::int64_t i) {
        const std::int64_t part = i / count, panel = i % count, first = part * rows_at_once;
        pack_rows(right, first, std::min(right.rows, first + rows_at_once), panel * panel_width, panels.width(panel),
                  packed_part(part, panel), panel_width);
    });
    const product_pieces pieces{left.columns, count, height};
    pieces.each(left.columns * right.columns * right.rows / 64, [&](std::int64_t first, std::int64_t last,
                                                                    std::int64_t panel, std::int64_t panel_end) {
        const arena::scope own(thread_scratch());
        const int rows = static_cast<int>(last - first);
        float* packed = thread_scratch().template take<float, dynamic>(at_once * height).data();
        float_vector total[height / vector_lanes] = {};
        for (std::int64_t part = 0; part < parts; ++part) {
            const std::int64_t begin = part * rows_at_once, end = std::min(right.rows, begin + rows_at_once);
            const std::int64_t depth = (end - begin + deep - 1) / deep;
            pack_rows(left, begin, end, first, rows, packed, height);
            if (left_sums && panel == 0)
                for (std::int64_t k = 0; k < depth; ++k)
                    for (int v = 0; v < height / vector_lanes; ++v) {
                        float_vector units;
                        load(units, packed + k * height + v * vector_lanes);
                        add_units(total[v], units, operand{});
                    }
            for (std::int64_t p = panel; p < panel_end; ++p)
                for (int r = 0; r < rows; r += block_height) {
                    const unit_in_memory* block[block_height];
                    for (int i = 0; i < block_height; ++i) block[i] = packed + r + i;
                    alignas(cache_line) block_sums sums;
                    product_block<operand>(panels.width(p), depth, block, height, packed_part(part, p), sums);
                    for (int i = 0; i < std::min(block_height, rows - r); ++i) {
                        float* to = result + (first + r + i) * right.columns + p * panel_width;
                        for (int c = 0; c < panels.width(p); ++c) to[c] += sums[i][c];
                    }
                }
        }
        if (left_sums && panel == 0)
            for (int i = 0; i < rows; ++i) left_sums[first + i] += total[i / vector_lanes][i % vector_lanes];
    });
}

} // namespace detail
} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
