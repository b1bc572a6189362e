// Small matrices in the form that products in cache read them.
//
// A matrix is held in 4-byte units: one float, or two bf16 that lie side by side along the summed axis. The units of
// `left` [M, K] are columns 2k and 2k + 1 of a row, those of `right` [K, N] rows 2k and 2k + 1 of a column; so the
// units of a left matrix, transposed, are those of the transposed matrix as a right one, and the other way round.
#pragma once

#include "../../core/buffer.hpp"
#include "float_vector.hpp"

#include <algorithm>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// The type that small products of T are made in: bf16 only where the processor multiplies it.
#if defined(__AVX512BF16__)
template <class T> using operand_t = T;
#else
template <class T> using operand_t = float;
#endif

/// Units that hold `count` elements along the summed axis.
template <class T> constexpr int units(int count) {
    constexpr int depth = static_cast<int>(sizeof(float) / sizeof(T));
    return (count + depth - 1) / depth;
}

/// Units from some place of a matrix on; null for no matrix.
struct unit_rows {
    const float* data = nullptr;
    std::int64_t width = 0; ///< units from a row to the next

    unit_rows from(int row, int column) const { return {data ? data + row * width + column : nullptr, width}; }
};

/// A matrix of units in an arena, zeros at first; rows and columns are padded to multiples of 16.
class unit_matrix {
  public:
    unit_matrix(arena& memory, int row_count, int columns)
        : rows(to_lanes(row_count)), width(to_lanes(columns)),
          data_(memory.take<float, dynamic>(std::int64_t{rows} * width).data()) {
        fill(0);
    }
    const int rows, width;
    float* row(int i) const { return data_ + std::int64_t{i} * width; }
    void fill(float value) const { std::fill_n(data_, std::int64_t{rows} * width, value); }
    unit_rows from(int i, int column) const { return {row(i) + column, width}; }
    operator unit_rows() const { return from(0, 0); }

  private:
    float* data_;
};

/// to = from transposed.
inline void transpose(const unit_matrix& from, const unit_matrix& to) {
    for (int i = 0; i < from.rows; i += vector_lanes)
        for (int j = 0; j < from.width; j += vector_lanes) {
            float_vector block[vector_lanes];
            const float* row = from.row(i) + j;
            float* column = to.row(j) + i;
#pragma GCC unroll 16
            for (int l = 0; l < vector_lanes; ++l, row += from.width) load(block[l], row);
            transpose(block);
#pragma GCC unroll 16
            for (int l = 0; l < vector_lanes; ++l, column += to.width) store(block[l], column);
        }
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
