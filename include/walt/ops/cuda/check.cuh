// Every call of the CUDA runtime is checked: a failure becomes a walt::error that says which call, and on what.
#pragma once

#include "../../core/error.hpp"

#include <cuda_runtime.h>

namespace walt::cuda {

/// Throws a walt::error when `status` is not success: check(cudaMalloc(&p, n), "cudaMalloc of ", n, " bytes").
template <class... Part> void check(cudaError_t status, const Part&... call) {
    if (status != cudaSuccess) throw error(sentence(call..., " failed: ", cudaGetErrorString(status)));
}

} // namespace walt::cuda
