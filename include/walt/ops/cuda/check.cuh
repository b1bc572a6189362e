// Every call of the CUDA runtime is checked: a failure becomes a walt::error that says which call, and on what.
#pragma once

#include "../../core/error.hpp"

#include <cuda_runtime.h>

namespace walt::cuda {

/// What follows a failure's reason: an error that stays (a kernel's bad access, say) ends all work of the process on
/// its device, every other one leaves the contexts as they were.
inline const char* after_failure() {
    cudaGetLastError();                                        // forgets what can be forgotten
    cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed; // the question is allowed while work is being recorded
    cudaThreadExchangeStreamCaptureMode(&mode);
    const cudaError_t still = cudaFree(nullptr);
    cudaThreadExchangeStreamCaptureMode(&mode);
    return still == cudaSuccess ? "" : "; the device can no longer be used by this process";
}

/// Throws a walt::error when `status` is not success: check(cudaMalloc(&p, n), "cudaMalloc of {} bytes", n).
template <class... Part> void check(cudaError_t status, walt::detail::sentence<Part...> call, const Part&... part) {
    if (status != cudaSuccess)
        fail("{} failed: {}{}", walt::detail::written(call.text, {part...}), cudaGetErrorString(status),
             after_failure());
}

} // namespace walt::cuda
