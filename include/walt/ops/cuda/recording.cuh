// What a context was asked for, recorded as a CUDA graph: one launch then does it again.
#pragma once

#include "context.cuh"

namespace walt::cuda {

/// The ops that `work` asks the context for, which are not carried out before replay(). Work that needs new memory or
/// an upload cannot be recorded and throws; the context then is as it was.
class recording {
  public:
    template <class Work> recording(context& ctx, Work&& work) : stream_(ctx.stream) {
        check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        ctx.recorded = true;
        cudaGraph_t graph = nullptr;
        try {
            work();
        } catch (...) {
            ctx.recorded = false;
            if (cudaStreamEndCapture(stream_, &graph) == cudaSuccess) cudaGraphDestroy(graph);
            cudaGetLastError();
            throw;
        }
        ctx.recorded = false;
        check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
        const cudaError_t made = cudaGraphInstantiate(&program_, graph, 0);
        cudaGraphDestroy(graph);
        check(made, "cudaGraphInstantiate");
    }
    recording(const recording&) = delete;
    recording& operator=(const recording&) = delete;
    ~recording() { cudaGraphExecDestroy(program_); }

    void replay() const { check(cudaGraphLaunch(program_, stream_), "cudaGraphLaunch"); }

  private:
    cudaStream_t stream_;
    cudaGraphExec_t program_ = nullptr;
};

template <class Work> void context::repeat(work_key key, Work&& work) {
    static const char code = 0;      // its address tells this work's code from any other's
    constexpr std::size_t most = 32; // a graph of a large model takes megabytes
    const auto place = arena.place();
    key.push_back(address(&code));
    key.insert(key.end(), place.begin(), place.end());
    const auto known = records.find(key);
    if (known == records.end()) {
        if (records.size() == most) records.clear();
        records.emplace(std::move(key), nullptr);
        work();
    } else {
        if (!known->second) known->second = std::make_shared<recording>(*this, work);
        known->second->replay();
    }
}

} // namespace walt::cuda
