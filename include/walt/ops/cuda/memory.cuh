// Memory of the current GPU, owned like any other of walt.
#pragma once

#include "../../core/buffer.hpp"
#include "check.cuh"

#include <algorithm>

namespace walt::cuda {

/// Uninitialised device memory. Freeing waits for the device, so what is queued may still use it.
inline memory device_memory(std::size_t bytes) {
    void* block = nullptr;
    const cudaError_t status = cudaMalloc(&block, std::max<std::size_t>(bytes, 1));
    if (status == cudaErrorMemoryAllocation) {
        cudaGetLastError(); // nothing is lost: the next call shall not see it
        std::size_t free = 0, all = 0;
        check(cudaMemGetInfo(&free, &all), "cudaMemGetInfo");
        fail("out of GPU memory: {} bytes are needed, {} of the GPU's {} are free", bytes, free, all);
    }
    check(status, "cudaMalloc of {} bytes", bytes);
    return memory(static_cast<std::byte*>(block), [](std::byte* p) { cudaFree(p); });
}

} // namespace walt::cuda
