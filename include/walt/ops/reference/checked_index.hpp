// Indices that the host can look at are checked before they are used.
#pragma once

#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

/// Entry i of an index, which must be one of `rows` rows.
template <class Index>
std::int64_t checked_index(const Index& index, std::int64_t i, std::int64_t rows, const char* op) {
    const std::int64_t row = index(i);
    require(row >= 0 && row < rows, "{}: entry {} of the index is {}, and there are {} rows", op, i, row, rows);
    return row;
}
template <class Index> void check_indices(const Index& index, std::int64_t rows, const char* op) {
    for (std::int64_t i = 0; i < index.extent(0); ++i) checked_index(index, i, rows, op);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
