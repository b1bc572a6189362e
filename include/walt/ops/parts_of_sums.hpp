// In what parts the CUDA device makes sums: its kernels do so, and the meta device counts the memory that they take.
#pragma once

#include <cstdint>

namespace walt::parts_of_sums {

inline constexpr std::int64_t frame_rows = 16;   ///< rows of a frame that a block sums
inline constexpr std::int64_t least_rows = 128;  ///< of columns, in a part
inline constexpr std::int64_t most = 1024;       ///< parts of columns
inline constexpr std::int64_t bias_blocks = 512; ///< of the biases' gradient: enough for a large GPU
inline constexpr int attention_rows = 64;        ///< of a block of attention

} // namespace walt::parts_of_sums
