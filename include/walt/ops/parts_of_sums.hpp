// In what parts the CUDA device makes sums: its kernels do so, and the meta device counts the memory that they take.
#pragma once

#include <algorithm>
#include <cstdint>

namespace walt::parts_of_sums {

/// Rows of a frame that a block sums: fewer of a small batch, so that there are some 300 blocks for a large GPU.
constexpr std::int64_t rows_of_a_block(std::int64_t all) { return std::clamp<std::int64_t>(all / 320, 4, 16); }
inline constexpr std::int64_t least_rows = 128; ///< of columns, in a part
inline constexpr std::int64_t most = 1024;      ///< parts of columns
/// Parts of so many rows' columns.
constexpr std::int64_t of_columns(std::int64_t rows) { return std::min(most, (rows + least_rows - 1) / least_rows); }
inline constexpr std::int64_t bias_blocks = 512;                 ///< of the biases' gradient: enough for a large GPU
inline constexpr int attention_rows = 64;                        ///< of a block of attention
constexpr int padded(int head) { return (head + 15) / 16 * 16; } ///< numbers of a head in shared memory

} // namespace walt::parts_of_sums
