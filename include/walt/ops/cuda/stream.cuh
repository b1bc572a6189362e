// A stream of one GPU. CUDA wants that GPU to be the thread's current one when the stream is used: here it is made so.
#pragma once

#include "check.cuh"

namespace walt::cuda {

/// Refuses GPUs that the kernels are not written for.
inline void require_capability(int device, int major, int minor) {
    require(major >= 8, "GPU {} has compute capability {}.{}; walt needs 8.0 or newer (bf16 matrix products)", device,
            major, minor);
}

/// A stream that is CUDA's wherever one is asked for (launches, copies, libraries); asking makes its GPU current, so
/// that contexts of several GPUs can take turns in a thread, and threads in a context.
class gpu_stream {
  public:
    explicit gpu_stream(int gpu) : gpu_(gpu) {
        int count = 0, major = 0, minor = 0;
        check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
        require(gpu >= 0 && gpu < count, "there is no GPU {}: this machine has {}, numbered from 0", gpu, count);
        check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, gpu),
              "cudaDeviceGetAttribute of GPU {}", gpu);
        check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, gpu),
              "cudaDeviceGetAttribute of GPU {}", gpu);
        require_capability(gpu, major, minor);
        check(cudaSetDevice(gpu), "cudaSetDevice of GPU {}", gpu);
        check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    }
    gpu_stream(const gpu_stream&) = delete;
    gpu_stream& operator=(const gpu_stream&) = delete;
    ~gpu_stream() {
        cudaSetDevice(gpu_);
        cudaStreamDestroy(handle_);
    }

    operator cudaStream_t() const {
        make_current();
        return handle_;
    }
    int gpu() const { return gpu_; }
    /// Waits for what was queued, for destructors: errors are left to whoever asks next.
    void finish() const noexcept {
        cudaSetDevice(gpu_);
        cudaStreamSynchronize(handle_);
    }
    void make_current() const {
        int current = -1;
        if (cudaGetDevice(&current) == cudaSuccess && current == gpu_) return; // far cheaper than to set it again
        check(cudaSetDevice(gpu_), "cudaSetDevice of GPU {}", gpu_);
    }

  private:
    int gpu_;
    cudaStream_t handle_ = nullptr;
};

} // namespace walt::cuda
