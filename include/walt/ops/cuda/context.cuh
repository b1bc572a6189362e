// The CUDA device: one GPU, one stream, an arena of its memory, cuBLASLt for products, walt's own kernels for the rest.
#pragma once

#include "../../core/buffer.hpp"
#include "../../core/recent.hpp"
#include "../../core/recorded.hpp"
#include "../../core/start.hpp"
#include "../conv3d.hpp"
#include "cublaslt.cuh"
#include "staging.cuh"
#include "stream.cuh"

#include <memory>
#include <vector>

namespace walt::cuda {

class cudnn;
class recording;

/// How products of float32 matrices are computed. (Sums are float32 in both, and products of bf16 are exact.)
enum class math {
    float32, ///< as written
    tf32     ///< factors rounded to 10 bits of mantissa: several times as fast
};

/// Thrown where work that is being recorded needs what has to be made first: memory, or a library's plan.
struct not_yet_recordable : error {
    using error::error;
};

/// One GPU: `cuda::context device{0};`. Everything runs on its stream, in order, and is queued: what an op computes is
/// there after `download`. Every call makes the GPU the thread's current one, so contexts of several GPUs may take
/// turns in a thread, and a context may move to another thread; two threads at once may not use it. After an error the
/// context is as usable as before, unless the error says that the device is lost.
struct context {
    static constexpr bool has_data = true; ///< tensors hold numbers (they do not on `meta`)
    static constexpr const char* name = "cuda";
    using recording = cuda::recording;              ///< what recorded work becomes (recording.cuh)
    static constexpr std::size_t most_records = 32; ///< kept: a graph of a large model takes megabytes

    math precision = math::float32;
    /// Bytes of the arena that a convolution's engine may take beside its operands: cuDNN's others are not used. Set it
    /// before the first convolution, whose plans are kept.
    std::size_t most_workspace = convolution_workspace;
    gpu_stream stream;
    cublaslt products;
    std::shared_ptr<cudnn> convolutions; ///< made by the first convolution: programs without one do not need cuDNN
    bool may_record = true;              ///< false once a model on it fetches its blocks as they are needed
    bool recorded = false;               ///< ops are being recorded, not carried out
    std::vector<std::shared_ptr<const void>> used_by_record; ///< what must live as long as what is being recorded
    recent<work_key, std::shared_ptr<recording>> records{most_records}; ///< of record(); null: carried out once
    walt::arena arena{[this](std::size_t bytes) { return allocate(bytes); }};

    explicit context(int device = 0) : stream(device) {}
    context(const context&) = delete;
    context& operator=(const context&) = delete;
    ~context() { stream.finish(); }

    /// Zeroed device memory.
    memory allocate(std::size_t bytes) {
        if (recorded)
            throw not_yet_recordable(
                fmt::format("work that needs {} bytes of new GPU memory cannot be recorded", bytes));
        stream.make_current();
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

    /// Values of a parameter as they start, with the host's bits (elementwise.cuh).
    template <class T> void start(const start_rule& rule, view<T, dynamic> values);

    /// What every op reads of the context itself: its precision, what its products do on the way, and where its arena
    /// goes on.
    void add_to(work_key& key) const { key.add(precision, products.fuse, arena.place()); }
    /// Work that may come again with the same key (walt::record_work): carried out at first, recorded when it comes
    /// again, replayed from then on. Of the keys, the most_records that came last are known.
    template <class Work> void record(const work_key& key, Work&& work);

  private:
    staging uploads_;
};

} // namespace walt::cuda
