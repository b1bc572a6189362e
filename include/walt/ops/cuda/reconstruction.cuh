// CUDA: the pixel loss; sums in double, in two stages.
#pragma once

#include "../reconstruction.hpp"
#include "block_sum.cuh"
#include "elementwise.cuh"
#include "sums.cuh"

#include <algorithm>

namespace walt::cuda {

namespace detail {
inline constexpr unsigned loss_blocks = 1024;

/// part[block] = the block's share of the loss. (With cub::DeviceReduce for the loss and a kernel for dx, x and y would
/// be read twice: 20 bytes an element instead of 12, in float.)
template <class X, class Y, class DX>
__global__ void reconstruction_kernel(const X* x, const Y* y, std::int64_t count, double absolute, DX* dx,
                                      double* part) {
    const double share = 1.0 / static_cast<double>(count);
    double sum = 0;
    for (std::int64_t i = first_element(); i < count; i += element_step()) {
        const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
        sum += difference * difference + absolute * fabs(difference);
        dx[i] = static_cast<DX>(share * (2 * difference + absolute * ((difference > 0) - (difference < 0))));
    }
    sum = block_sum<threads_per_block>(sum);
    if (threadIdx.x == 0) part[blockIdx.x] = share * sum;
}
} // namespace detail

template <class X, class Y, class Loss, class DX>
void reconstruction_error_on(context& ctx, X x, Y y, double absolute, Loss loss, DX dx) {
    const arena::scope scope(ctx.arena);
    const unsigned blocks = std::min(detail::loss_blocks, blocks_for(x.size()));
    const auto part = ctx.arena.take<double, dynamic>(blocks);
    if (blocks > 0) {
        detail::reconstruction_kernel<<<blocks, threads_per_block, 0, ctx.stream>>>(x.data(), y.data(), x.size(),
                                                                                    absolute, dx.data(), part.data());
        check_launch("ops::reconstruction_error", x.size());
    }
    assign_sum(ctx, "ops::reconstruction_error", part.data(), blocks, loss.data());
}

} // namespace walt::cuda
