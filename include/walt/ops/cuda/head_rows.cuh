// Where the heads of rows lie in memory.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace walt::cuda::detail {

/// A row in memory: so many behind a group's first one. A group's rows are less than 2^31 elements apart, so that only
/// what is the same for all of them takes 64 bits to compute.
struct row_place {
    std::int64_t first;
    int behind;
};

/// Heads of rows in memory: rows are Stride elements apart, heads of Dh elements follow each other.
template <class T, int Stride, int Dh> struct head_rows {
    T* data;
    __device__ T* at(row_place row, int head) const {
        return data + row.first * Stride + head * Dh + row.behind * Stride;
    }
};

} // namespace walt::cuda::detail
