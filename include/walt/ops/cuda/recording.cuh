// What a context was asked for, recorded as a CUDA graph: one launch then does it again.
#pragma once

#include "context.cuh"

#include <memory>
#include <vector>

namespace walt::cuda {

/// The ops that `work` asks the context for, which are not carried out before replay(). Work that needs new memory, a
/// new plan of cuDNN, an upload or a download cannot be recorded and throws; the context then is as it was.
class recording {
  public:
    template <class Work> recording(context& ctx, Work&& work) : stream_(ctx.stream) {
        check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        ctx.recorded = true;
        cudaGraph_t graph = nullptr;
        const auto finish = [&] {
            ctx.recorded = false;
            used_.swap(ctx.used_by_record);
            return cudaStreamEndCapture(stream_, &graph);
        };
        try {
            work();
        } catch (...) {
            if (finish() == cudaSuccess) cudaGraphDestroy(graph);
            cudaGetLastError();
            throw;
        }
        check(finish(), "cudaStreamEndCapture");
        const cudaError_t made = cudaGraphInstantiate(&program_, graph, 0);
        cudaGraphDestroy(graph);
        if (made == cudaErrorMemoryAllocation) {
            cudaGetLastError();
            throw not_yet_recordable("there is no GPU memory left for a record");
        }
        check(made, "cudaGraphInstantiate");
    }
    using impossible = not_yet_recordable; ///< thrown where there is no record now: the work can still be carried out

    recording(const recording&) = delete;
    recording& operator=(const recording&) = delete;
    ~recording() {
        if (!used_.empty()) stream_.finish(); // the last replay may be under way
        cudaGraphExecDestroy(program_);
    }

    void replay() const { check(cudaGraphLaunch(program_, stream_), "cudaGraphLaunch"); }

  private:
    const gpu_stream& stream_;
    cudaGraphExec_t program_ = nullptr;
    std::vector<std::shared_ptr<const void>> used_; ///< plans whose kernels are in the graph
};

template <class Work> void context::record(const work_key& key, Work&& work) {
    if (recorded) return work(); // it is part of what is being recorded
    static const char code = 0;  // its address tells this work's code from any other's
    work_key all(&code);
    all.add(key);
    const std::shared_ptr<recording>* const known = records.find(all);
    if (known == nullptr) {
        work(); // if it throws, nothing is known of it
        records.keep(all, nullptr);
    } else if (*known) {
        (*known)->replay();
    } else {
        records.forget(all); // until it is recorded
        std::shared_ptr<recording> made;
        try {
            made = std::make_shared<recording>(*this, work);
        } catch (const not_yet_recordable&) { // what the first call made has gone since then, or the memory for it
            work();
        }
        if (made) made->replay();
        records.keep(all, std::move(made));
    }
}

} // namespace walt::cuda
