// Which of cuDNN's engines may carry out a convolution: those that compute as walt promises, in the order that cuDNN
// expects them to be fast.
#pragma once

#include "cudnn_graph.cuh"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace walt::cuda {

/// Asks for the GPU of a handle, or for one that is described and need not be there (what it then finds cannot run).
class engine_search {
  public:
    static constexpr int most_tried = 24; ///< of a list: some compile kernels only to find out that they cannot

    explicit engine_search(cudnnHandle_t handle) : handle_(handle) {}
    explicit engine_search(const cudnn_descriptor& device) : device_(&device) {}

    /// A convolution and its finish for cuDNN; nothing where it refuses an operation or the whole.
    std::optional<cudnn_descriptor> graph_of(const convolution& c, const convolution_graph::three_types& types,
                                             const std::array<std::int64_t, 4>& alignments, bool fused,
                                             const conv_finish& finish) const {
        const std::vector<cudnn_descriptor> all = convolution_graph::operations(c, types, alignments, fused, finish);
        if (all.empty()) return {};
        cudnn_descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
        graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, all);
        if (handle_) graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle_);
        if (!graph.supported()) return {};
        return graph;
    }

    /// Calls take(config) for engines that compute as asked, of either list the first ones, until one is taken.
    template <class Take>
    void each(const cudnn_descriptor& graph, const convolution& c, const convolution_graph::three_types& types,
              Take&& take) const {
        const bool tensor_cores = c.tf32 || std::find(types.begin(), types.end(), CUDNN_DATA_BFLOAT16) != types.end();
        for (const cudnnBackendHeurMode_t list : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
            int tried = 0;
            for (cudnn_descriptor& config : configs(graph, list)) {
                if (!computes_as_asked(config, tensor_cores)) continue;
                if (++tried > most_tried) break;
                if (take(config)) return;
            }
        }
    }

    /// A config's plan, not yet finalised.
    cudnn_descriptor plan_of(const cudnn_descriptor& config) const {
        cudnn_descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
        plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
        if (handle_) plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, handle_);
        else plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *device_);
        return plan;
    }
    /// Bytes that a finalised plan takes beside its operands.
    static std::int64_t workspace_of(const cudnn_descriptor& plan, const convolution& c) {
        std::int64_t count = 0, workspace = 0;
        check(cudnnBackendGetAttribute(plan.get(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1,
                                       &count, &workspace),
              "cudnnBackendGetAttribute of a plan's workspace for {}", c.words());
        return workspace;
    }
    static cudnn_descriptor engine_of(const cudnn_descriptor& config) {
        cudnn_descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
        cudnnBackendDescriptor_t into = engine.get();
        std::int64_t count = 0;
        check(cudnnBackendGetAttribute(config.get(), CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                                       &count, &into),
              "cudnnBackendGetAttribute of an engine");
        return engine;
    }

  private:
    /// Sums in a fixed order, and factors rounded to tf32 or less only where that was asked for.
    static bool computes_as_asked(const cudnn_descriptor& config, bool may_use_tensor_cores) {
        const cudnn_descriptor engine = engine_of(config);
        std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
        std::int64_t count = 0;
        check(cudnnBackendGetAttribute(engine.get(), CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                                       notes.size(), &count, notes.data()),
              "cudnnBackendGetAttribute of an engine's notes");
        return std::none_of(notes.begin(), notes.begin() + count, [&](cudnnBackendNumericalNote_t note) {
            return note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC || note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS ||
                   note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION ||
                   (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE && !may_use_tensor_cores);
        });
    }

    std::vector<cudnn_descriptor> configs(const cudnn_descriptor& graph, cudnnBackendHeurMode_t list) const {
        std::vector<cudnn_descriptor> all;
        cudnn_descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
        heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
            .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, list);
        if (device_) heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *device_);
        std::int64_t count = 0;
        const auto results = [&](std::int64_t most, void* into) {
            return cudnn_descriptor::can(cudnnBackendGetAttribute(heuristics.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                                                  CUDNN_TYPE_BACKEND_DESCRIPTOR, most, &count, into),
                                         "cudnnBackendGetAttribute of heuristics");
        };
        if (!heuristics.supported() || !results(0, nullptr)) return all;
        std::vector<cudnnBackendDescriptor_t> into;
        for (std::int64_t i = 0; i < count; ++i)
            into.push_back(all.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR).get());
        if (!results(count, into.data())) count = 0;
        all.erase(all.begin() + count, all.end());
        return all;
    }

    cudnnHandle_t handle_ = nullptr;
    const cudnn_descriptor* device_ = nullptr;
};

} // namespace walt::cuda
