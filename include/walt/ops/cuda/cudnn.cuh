// cuDNN behind one small header: a handle, and convolutions planned once per shape.
#pragma once

#include "../../core/note.hpp"
#include "context.cuh"
#include "cudnn_engines.cuh"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
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

    /// The first engine that takes no more memory than it may.
    std::shared_ptr<const plan> made(std::size_t most_workspace, const convolution& c,
                                     const convolution_graph::three_types& types,
                                     const std::array<std::int64_t, 4>& alignments, bool fused,
                                     const conv_finish& finish) {
        const engine_search engines(handle_.get());
        std::optional<cudnn_descriptor> graph = engines.graph_of(c, types, alignments, fused, finish);
        if (!graph) return nullptr;
        std::shared_ptr<const plan> found;
        std::int64_t wanted = 0; // by engines that cuDNN would rather take
        engines.each(*graph, c, types, [&](cudnn_descriptor& config) {
            cudnn_descriptor description = engines.plan_of(config);
            if (!description.supported()) return false;
            const std::int64_t workspace = engine_search::workspace_of(description, c);
            if (taken_for(workspace) <= most_workspace)
                found = std::make_shared<const plan>(
                    plan{std::move(description), std::move(config), std::move(*graph), workspace});
            else if (wanted == 0) wanted = workspace;
            return found != nullptr;
        });
        if (wanted > 0) say_once(c, wanted, most_workspace);
        return found;
    }

    void say_once(const convolution& c, std::int64_t wanted, std::size_t most_workspace) {
        if (std::exchange(said_, true)) return;
        walt::detail::note("cuDNN's first choice for {} takes {} bytes beside its operands, more than the {} of "
                           "cuda::context::most_workspace: this one, and others like it, do without, which may be "
                           "slower",
                           c.words(), wanted, most_workspace);
    }

    std::unique_ptr<std::remove_pointer_t<cudnnHandle_t>, destroy> handle_;
    recent<key, std::shared_ptr<const plan>> plans_{most_plans};
    bool said_ = false; // that memory kept cuDNN from its first choice
};

/// The context's cuDNN.
inline cudnn& convolutions_of(context& ctx) {
    if (!ctx.convolutions) ctx.convolutions = std::make_shared<cudnn>(ctx.stream);
    return *ctx.convolutions;
}

} // namespace walt::cuda
