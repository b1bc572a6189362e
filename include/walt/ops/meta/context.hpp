// The meta device: runs a model without data and counts what it would cost.
#pragma once

#include "../../core/buffer.hpp"

#include <cstdint>

namespace walt::meta {

/// Counts of one pass. A multiplication and an addition are two FLOPs; only matrix products, convolutions and
/// attention count as FLOPs, everything else as bytes that must move.
struct context {
    static constexpr bool has_data = false;
    static constexpr const char* name = "meta";

    double flops = 0;       ///< of matrix products, convolutions and attention
    double bytes = 0;       ///< read and written by all ops, each operand once
    std::int64_t calls = 0; ///< ops
    walt::arena arena;      ///< arena.peak() is the peak of activation memory in bytes
    /// Whether the peak has what any device may need beside the operands of a convolution: an upper bound, without what
    /// cuDNN's engines take for themselves (cuda::context::most_workspace), and with CUDA's fusions (needs.hpp).
    bool workspaces = false;

    memory allocate(std::size_t) { return nullptr; }
    void upload(void*, const void*, std::size_t) {}
    void download(void*, const void*, std::size_t) {}

    /// What a device takes beside the operands while an op runs, where workspaces are counted.
    void take_for_a_while(std::int64_t floats) {
        if (!workspaces) return;
        const arena::scope scope(arena);
        arena.take<float, dynamic>(floats);
    }

    /// One op: its FLOPs and its operands.
    template <class... View> void count(double op_flops, const View&... operand) {
        flops += op_flops;
        ++calls;
        ((bytes += static_cast<double>(operand.size()) * sizeof(typename View::element)), ...);
    }
};

} // namespace walt::meta
