// The CUDA device: one GPU, one stream, an arena of its memory.
#pragma once

#include "../../core/buffer.hpp"
#include "check.cuh"

namespace walt::cuda {

struct context {
    static constexpr bool has_data = true; ///< tensors hold numbers (they do not on `meta`)
    static constexpr const char* name = "cuda";

    cudaStream_t stream = nullptr; ///< everything runs here, in order
    walt::arena arena{[this](std::size_t bytes) { return allocate(bytes); }};

    context() { check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags"); }
    ~context() {
        if (stream != nullptr) cudaStreamDestroy(stream);
    }
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    /// Zeroed device memory.
    memory allocate(std::size_t bytes) {
        void* block = nullptr;
        check(cudaMalloc(&block, std::max<std::size_t>(bytes, 1)), "cudaMalloc of ", bytes, " bytes");
        memory owned(static_cast<std::byte*>(block), [](std::byte* p) { cudaFree(p); });
        check(cudaMemsetAsync(block, 0, bytes, stream), "cudaMemsetAsync of ", bytes, " bytes");
        return owned;
    }
    void upload(void* device, const void* host, std::size_t bytes) {
        check(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync of ", bytes, " bytes to the device");
        check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    }
    void download(void* host, const void* device, std::size_t bytes) {
        check(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync of ", bytes, " bytes to the host");
        check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    }
};

} // namespace walt::cuda
