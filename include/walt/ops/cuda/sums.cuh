// Sums of whole buffers, by CUB: in double, the same bits run after run on one GPU.
#pragma once

#include "context.cuh"

#include <cub/device/device_reduce.cuh>

#include <functional>

namespace walt::cuda {

/// *total = the sum of use(x[i]) over `count` elements. The temporary storage is the arena's, so it can be recorded.
template <class X, class Use, class Total>
void assign_sum(context& ctx, const char* what, const X* x, std::int64_t count, const Use& use, Total* total) {
    std::size_t bytes = 0;
    const auto reduce = [&](void* storage) { // without storage it says how much it wants
        check(cub::DeviceReduce::TransformReduce(storage, bytes, x, total, count, ::cuda::std::plus<double>(), use, 0.0,
                                                 ctx.stream),
              "{} on {} elements", what, count);
    };
    reduce(nullptr);
    const arena::scope scope(ctx.arena);
    reduce(ctx.arena.take<std::byte, dynamic>(bytes).data());
}

/// The same without a function.
template <class X, class Total>
void assign_sum(context& ctx, const char* what, const X* x, std::int64_t count, Total* total) {
    assign_sum(ctx, what, x, count, ::cuda::std::identity(), total);
}

} // namespace walt::cuda
