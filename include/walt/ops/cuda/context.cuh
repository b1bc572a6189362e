// The CUDA device: one GPU, one stream, an arena of its memory, cuBLASLt for products, walt's own kernels for the rest.
#pragma once

#include "../../core/buffer.hpp"
#include "../../core/repeated.hpp"
#include "check.cuh"
#include "cublaslt.cuh"
#include "staging.cuh"

#include <map>

namespace walt::cuda {

class cudnn;
class recording;

/// Refuses GPUs that the kernels are not written for.
inline void require_capability(int device, int major, int minor) {
    require(major >= 8, "GPU {} has compute capability {}.{}; walt needs 8.0 or newer (bf16 matrix products)", device,
            major, minor);
}

/// How products of float32 matrices are computed. (Sums are float32 in both, and products of bf16 are exact.)
enum class math {
    float32, ///< as written
    tf32     ///< factors rounded to 10 bits of mantissa: several times as fast
};

/// One GPU: `cuda::context device{0};`. Everything runs on its stream, in order, and is queued: what an op computes is
/// there after `download`. A thread works with contexts of one GPU. After an error the context is as usable as before,
/// unless the error says that the device is lost.
struct context {
    static constexpr bool has_data = true; ///< tensors hold numbers (they do not on `meta`)
    static constexpr const char* name = "cuda";
    using recording = cuda::recording; ///< what `repeated` work becomes (recording.cuh)

    math precision = math::float32;
    cudaStream_t stream;
    cublaslt products;
    std::shared_ptr<cudnn> convolutions; ///< made by the first convolution: programs without one do not need cuDNN
    bool recorded = false;               ///< ops are being recorded, not carried out
    std::map<work_key, std::shared_ptr<recording>> records; ///< of repeat()
    walt::arena arena{[this](std::size_t bytes) { return allocate(bytes); }};

    explicit context(int device = 0) : stream(open(device)) {}
    context(const context&) = delete;
    context& operator=(const context&) = delete;
    ~context() {
        cudaStreamSynchronize(stream);
        records.clear();
        convolutions.reset();
        cudaStreamDestroy(stream);
    }

    /// Zeroed device memory.
    memory allocate(std::size_t bytes) {
        require(!recorded, "work that needs {} bytes of new GPU memory cannot be recorded", bytes);
        memory owned = device_memory(bytes);
        check(cudaMemsetAsync(owned.get(), 0, bytes, stream), "cudaMemsetAsync of {} bytes", bytes);
        return owned;
    }
    /// Copies from host memory to this device's; the host's may be changed when it returns. Only what is larger than
    /// staging::most, such as a model's weights, is waited for.
    void upload(void* device, const void* host, std::size_t bytes) {
        require(!recorded, "an upload of {} bytes cannot be recorded", bytes);
        if (bytes == 0) return;
        if (bytes <= staging::most) return uploads_.upload(stream, device, host, bytes);
        check(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream),
              "cudaMemcpyAsync of {} bytes to the device", bytes);
        synchronize();
    }
    /// Copies from this device's memory to the host's; what was queued before is done when it returns.
    void download(void* host, const void* device, std::size_t bytes) {
        require(!recorded, "a download of {} bytes cannot be recorded", bytes);
        check(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream),
              "cudaMemcpyAsync of {} bytes to the host", bytes);
        synchronize();
    }
    /// Waits for all that was queued. Errors of kernels come up here, or in any call after them.
    void synchronize() { check(cudaStreamSynchronize(stream), "work on the GPU"); }

    /// Work that comes again with the same key (walt::repeat_work): carried out at first, recorded when it comes again,
    /// replayed from then on. The records of a few keys are kept.
    template <class Work> void repeat(work_key key, Work&& work);

  private:
    staging uploads_;

    static cudaStream_t open(int device) {
        int count = 0, major = 0, minor = 0;
        check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
        require(device >= 0 && device < count, "there is no GPU {}: this machine has {}, numbered from 0", device,
                count);
        check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device),
              "cudaDeviceGetAttribute of GPU {}", device);
        check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device),
              "cudaDeviceGetAttribute of GPU {}", device);
        require_capability(device, major, minor);
        check(cudaSetDevice(device), "cudaSetDevice of GPU {}", device);
        cudaStream_t stream = nullptr;
        check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
        return stream;
    }
};

} // namespace walt::cuda
