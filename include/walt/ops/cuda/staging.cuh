// Uploads that the host does not wait for: the numbers are copied at once into memory that the GPU reads by itself.
#pragma once

#include "../../core/buffer.hpp"
#include "check.cuh"

#include <algorithm>
#include <cstring>

namespace walt::cuda {

/// Two pieces of pinned host memory, filled in turn. Before a piece is filled again its copies must be done: they were
/// asked for a whole piece earlier, so in a running training nobody waits.
class staging {
  public:
    static constexpr std::size_t least = std::size_t{4} << 20, most = std::size_t{128} << 20; ///< bytes of a piece

    staging() = default;
    staging(const staging&) = delete;
    staging& operator=(const staging&) = delete;
    ~staging() {
        for (piece& p : pieces_)
            if (p.done != nullptr) cudaEventDestroy(p.done);
    }

    /// Queues a copy of at most `most` bytes to the device; `host` may be changed when this returns.
    void upload(cudaStream_t stream, void* device, const void* host, std::size_t bytes) {
        if (used_ + bytes > pieces_[filled_].size) turn(stream, bytes);
        std::byte* const place = pieces_[filled_].memory.get() + used_;
        std::memcpy(place, host, bytes);
        check(cudaMemcpyAsync(device, place, bytes, cudaMemcpyHostToDevice, stream),
              "cudaMemcpyAsync of {} bytes to the device", bytes);
        used_ += round_up(bytes, alignment);
    }

  private:
    struct piece {
        walt::memory memory;
        std::size_t size = 0;
        cudaEvent_t done = nullptr; ///< after the last copy out of it
    };

    static walt::memory pinned(std::size_t bytes) {
        void* block = nullptr;
        check(cudaMallocHost(&block, bytes), "cudaMallocHost of {} bytes", bytes);
        return walt::memory(static_cast<std::byte*>(block), [](std::byte* p) { cudaFreeHost(p); });
    }

    /// Goes to the other piece, and makes it large enough.
    void turn(cudaStream_t stream, std::size_t bytes) {
        if (piece& full = pieces_[filled_]; full.size > 0) check(cudaEventRecord(full.done, stream), "cudaEventRecord");
        filled_ = 1 - filled_;
        used_ = 0;
        piece& next = pieces_[filled_];
        if (next.done == nullptr)
            check(cudaEventCreateWithFlags(&next.done, cudaEventDisableTiming), "cudaEventCreate");
        else check(cudaEventSynchronize(next.done), "the copies to the GPU");
        if (bytes > next.size) {
            next = {nullptr, 0, next.done};
            const std::size_t size = std::max(least, round_up(bytes, least));
            next.memory = pinned(size);
            next.size = size;
        }
    }

    piece pieces_[2];
    int filled_ = 0;
    std::size_t used_ = 0;
};

} // namespace walt::cuda
