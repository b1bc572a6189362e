// CUDA: depth to space, packs of neighbours at a time.
#pragma once

#include "../depth_to_space.hpp"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {
/// The shape of x [B, F, H, W, Time Space Space C], and how many frames of y [B, Time F - dropped, ...] are not there.
struct deep_shape {
    std::int64_t frames, height, width, dropped;
};

/// One chunk of one row of y, counted over all Time F frames: in x every Space C neighbours of it lie together too.
template <int Time, int Space, int C, bool Gradient, class Deep, class Wide>
__global__ void depth_to_space_kernel(deep_shape shape, unsigned chunks, Deep* x, Wide* y) {
    constexpr int P = pack_of_row<Space * C>, packs = Space * C / P; // of a run
    const unsigned at = blockIdx.x % chunks * blockDim.x + threadIdx.x, w = at / packs;
    if (w >= shape.width) return;
    const std::int64_t row = blockIdx.x / chunks; // (b, f, t, h, i)
    const std::int64_t h = row / Space % shape.height, all = row / Space / shape.height, f = all / Time % shape.frames,
                       b = all / Time / shape.frames;
    const int i = static_cast<int>(row % Space), t = static_cast<int>(all % Time);
    const std::int64_t frame = f * Time + t - shape.dropped, frames = shape.frames * Time - shape.dropped;
    Deep* deep = x + (((b * shape.frames + f) * shape.height + h) * shape.width + w) * Time * Space * Space * C +
                 (t * Space + i) * Space * C + at % packs * P;
    Wide* wide = y + ((b * frames + frame) * shape.height * Space + h * Space + i) * shape.width * Space * C +
                 std::int64_t{at} * P;
    if constexpr (Gradient) {
        pack<Deep, P> to;
        pack<std::remove_const_t<Wide>, P> from;
        if (frame >= 0) from = *reinterpret_cast<const decltype(from)*>(wide);
        for (int v = 0; v < P; ++v)
            to.element[v] = static_cast<Deep>(frame < 0 ? 0.0f : static_cast<float>(from.element[v]));
        *reinterpret_cast<pack<Deep, P>*>(deep) = to;
    } else if (frame >= 0) {
        const auto from = *reinterpret_cast<const pack<Deep, P>*>(deep);
        pack<Wide, P> to;
        for (int v = 0; v < P; ++v) to.element[v] = static_cast<Wide>(static_cast<float>(from.element[v]));
        *reinterpret_cast<pack<Wide, P>*>(wide) = to;
    }
}

template <int Time, int Space, int C, bool Gradient, class X, class Y, class Deep, class Wide>
void run_depth_to_space(context& ctx, const char* what, const X& deep, const Y& wide, Deep* x, Wide* y) {
    if (deep.size() == 0) return;
    const deep_shape shape{deep.extent(1), deep.extent(2), deep.extent(3), deep.extent(1) * Time - wide.extent(1)};
    const unsigned chunks = blocks_for(shape.width * (Space * C / pack_of_row<Space * C>));
    const std::int64_t rows = deep.extent(0) * shape.frames * Time * shape.height * Space;
    depth_to_space_kernel<Time, Space, C, Gradient>
        <<<static_cast<unsigned>(rows * chunks), threads_per_block, 0, ctx.stream>>>(shape, chunks, x, y);
    check_launch(what, deep.size());
}
} // namespace detail

template <int Time, int Space, class X, class Y> void depth_to_space_on(context& ctx, X x, Y y) {
    detail::run_depth_to_space<Time, Space, Y::static_extent(4), false>(ctx, "ops::depth_to_space", x, y, x.data(),
                                                                        y.data());
}

template <int Time, int Space, class DY, class DX> void depth_to_space_grad_on(context& ctx, DY dy, DX dx) {
    detail::run_depth_to_space<Time, Space, DY::static_extent(4), true>(ctx, "ops::depth_to_space_grad", dx, dy,
                                                                        dx.data(), dy.data());
}

} // namespace walt::cuda
