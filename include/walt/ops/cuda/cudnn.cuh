// cuDNN behind one small header: a handle, and convolutions planned once per shape.
#pragma once

#include "context.cuh"
#include "cudnn_graph.cuh"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

namespace walt::cuda {

/// The library's handle for one context, and the plans used last.
class cudnn {
  public:
    static constexpr std::size_t most_plans = 256; ///< some hold kernels compiled for them alone; a tokenizer needs 60

    explicit cudnn(cudaStream_t stream) {
        refuse_wrong_versions(static_cast<std::int64_t>(cudnnGetVersion()));
        cudnnHandle_t made = nullptr;
        check(cudnnCreate(&made), "cudnnCreate");
        handle_.reset(made);
        check(cudnnSetStream(made, stream), "cudnnSetStream");
    }

    /// `version` as cudnnGetVersion counts: 9.15.1 is 91501. Convolutions over copies multiply in TF32, which is why
    /// the second fault counts, too.
    static void refuse_wrong_versions(std::int64_t version) {
        require(version < 90800 || version >= 91600,
                "cuDNN {}.{}.{} is installed; 9.8 to 9.14 compute convolutions of bf16 videos wrongly (pytorch issue "
                "163539) and 9.10 to 9.15 some of float32 videos in TF32 (pytorch pull request 167024), 9.16 none",
                version / 10000, version / 100 % 100, version % 100);
    }

    bool fuses = true; ///< false: says of every convolution with a finish, or whose result has another type, that
                       ///< there is no engine for it, so that tests see what happens then

    /// Runs it, or returns false where cuDNN has no engine for it. x and w are read, y is written; for a gradient the
    /// roles of x (dx) and y (dy), or of w (dw) and y, are swapped. The operands have types T, the result U.
    template <class T, class U>
    bool run(context& ctx, const convolution& c, const void* x, const void* w, const void* y,
             const conv_finish& finish = {}) {
        const bool fused = finish.does_something() || !std::is_same_v<T, U>;
        if (fused && !fuses) return false;
        const conv_axis &time = c.geometry.time, &height = c.geometry.height, &width = c.geometry.width;
        const std::array<std::int64_t, 4> alignments{alignment_of(x), alignment_of(w), alignment_of(y),
                                                     finish.bias ? alignment_of(finish.bias) : 0};
        const key shape{static_cast<int>(c.pass),
                        c.x.batch,
                        c.x.frames,
                        c.x.height,
                        c.x.width,
                        c.in,
                        c.out,
                        time.kernel,
                        time.stride,
                        time.before,
                        time.after,
                        height.kernel,
                        height.stride,
                        height.before,
                        height.after,
                        width.kernel,
                        width.stride,
                        width.before,
                        width.after,
                        c.tf32,
                        sizeof(T),
                        sizeof(U),
                        alignments[0],
                        alignments[1],
                        alignments[2],
                        alignments[3],
                        finish.add};
        const std::shared_ptr<const plan> how =
            plan_of(ctx, shape, c, convolution_graph::types<T, U>(c.pass), alignments, fused, finish);
        if (!how) return false;
        const arena::scope scope(ctx.arena);
        const auto workspace = ctx.arena.take<std::byte, dynamic>(taken_for(how->workspace));
        const auto address = reinterpret_cast<std::uintptr_t>(workspace.data());
        cudnn_descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
        std::vector<std::int64_t> ids{convolution_graph::id_x, convolution_graph::id_w, convolution_graph::id_y};
        std::vector<const void*> pointers{x, w, y};
        if (finish.bias) ids.push_back(convolution_graph::id_bias), pointers.push_back(finish.bias);
        if (finish.add)
            ids.push_back(convolution_graph::id_before),
                pointers.push_back(pointers[convolution_graph::result_of(c.pass)]);
        pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, ids)
            .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, pointers)
            .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR,
                 reinterpret_cast<void*>(round_up(address, workspace_alignment)))
            .finalize([&] { return c.words(); });
        ctx.stream.make_current();
        const cudnnStatus_t status = cudnnBackendExecute(handle_.get(), how->description.get(), pack.get());
        if (status != CUDNN_STATUS_SUCCESS) check(status, "cudnnBackendExecute of {}", c.words());
        if (ctx.recorded) ctx.used_by_record.push_back(how);
        return true;
    }

  private:
    using key = std::array<std::int64_t, 27>;
    static constexpr std::size_t workspace_alignment = 256;
    static constexpr int most_tried = 24; // of an engine list: some compile kernels only to find out that they cannot

    /// Bytes of the arena for a workspace, which must be aligned.
    static std::size_t taken_for(std::int64_t workspace) {
        return round_up(static_cast<std::size_t>(workspace) + workspace_alignment, alignment);
    }

    struct plan {
        cudnn_descriptor description, config, graph; // the plan refers to what it was made of
        std::int64_t workspace;
    };

    struct destroy {
        void operator()(cudnnHandle_t handle) const { cudnnDestroy(handle); }
    };

    /// nullptr: there is none.
    std::shared_ptr<const plan> plan_of(context& ctx, const key& shape, const convolution& c,
                                        const convolution_graph::three_types& types,
                                        const std::array<std::int64_t, 4>& alignments, bool fused,
                                        const conv_finish& finish) {
        if (const auto* known = plans_.find(shape)) return *known;
        if (ctx.recorded)
            throw not_yet_recordable(fmt::format("work that needs a new plan for {} cannot be recorded", c.words()));
        ctx.stream.make_current();
        if (plans_.size() == plans_.most()) ctx.synchronize(); // queued work may use the plan that goes
        return plans_.keep(shape, made(ctx.most_workspace, c, types, alignments, fused, finish));
    }

    /// The largest power of two that divides an address, to 16: what kernels may count on.
    static std::int64_t alignment_of(const void* pointer) {
        const auto address = reinterpret_cast<std::uintptr_t>(pointer);
        return static_cast<std::int64_t>(std::min<std::uintptr_t>(16, address & (~address + 1)));
    }

    /// Sums in a fixed order, and factors rounded to tf32 or less only where that was asked for.
    static bool computes_as_asked(const cudnn_descriptor& config, bool may_use_tensor_cores) {
        cudnn_descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
        cudnnBackendDescriptor_t into = engine.get();
        std::int64_t count = 0;
        check(cudnnBackendGetAttribute(config.get(), CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                                       &count, &into),
              "cudnnBackendGetAttribute of an engine");
        std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
        check(cudnnBackendGetAttribute(into, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, notes.size(),
                                       &count, notes.data()),
              "cudnnBackendGetAttribute of an engine's notes");
        return std::none_of(notes.begin(), notes.begin() + count, [&](cudnnBackendNumericalNote_t note) {
            return note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC || note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS ||
                   note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION ||
                   (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE && !may_use_tensor_cores);
        });
    }

    /// The first engine, in the order that cuDNN expects them to be fast, that computes as asked and takes no more
    /// memory than it may.
    std::shared_ptr<const plan> made(std::size_t most_workspace, const convolution& c,
                                     const convolution_graph::three_types& types,
                                     const std::array<std::int64_t, 4>& alignments, bool fused,
                                     const conv_finish& finish) {
        const std::vector<cudnn_descriptor> all = convolution_graph::operations(c, types, alignments, fused, finish);
        if (all.empty()) return nullptr;
        cudnn_descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
        graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle_.get())
            .set(CUDNN_ATTR_OPERATIONGRAPH_OPS, all);
        if (!graph.supported()) return nullptr;

        const bool tensor_cores = c.tf32 || std::find(types.begin(), types.end(), CUDNN_DATA_BFLOAT16) != types.end();
        int tried = 0;
        for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK})
            for (cudnn_descriptor& config : configs(graph, mode)) {
                if (!computes_as_asked(config, tensor_cores)) continue;
                if (++tried > most_tried) break;
                cudnn_descriptor description(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
                description.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, handle_.get())
                    .set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
                if (!description.supported()) continue;
                std::int64_t count = 0, workspace = 0;
                check(cudnnBackendGetAttribute(description.get(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                               CUDNN_TYPE_INT64, 1, &count, &workspace),
                      "cudnnBackendGetAttribute of a plan's workspace for {}", c.words());
                if (taken_for(workspace) <= most_workspace)
                    return std::make_shared<const plan>(
                        plan{std::move(description), std::move(config), std::move(graph), workspace});
            }
        return nullptr;
    }

    static std::vector<cudnn_descriptor> configs(const cudnn_descriptor& graph, cudnnBackendHeurMode_t mode) {
        std::vector<cudnn_descriptor> all;
        cudnn_descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
        heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
            .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode);
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

    std::unique_ptr<std::remove_pointer_t<cudnnHandle_t>, destroy> handle_;
    recent<key, std::shared_ptr<const plan>> plans_{most_plans};
};

/// The context's cuDNN.
inline cudnn& convolutions_of(context& ctx) {
    if (!ctx.convolutions) ctx.convolutions = std::make_shared<cudnn>(ctx.stream);
    return *ctx.convolutions;
}

} // namespace walt::cuda
