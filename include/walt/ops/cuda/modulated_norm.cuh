// CUDA: layer norm with adaptive scale and shift, gated residual; a block per row, or per group of a frame's rows where
// a gradient is a sum over the frame.
#pragma once

#include "../modulated_norm.hpp"
#include "../parts_of_sums.hpp"
#include "reduce.cuh"
#include "row_share.cuh"

#include <algorithm>

namespace walt::cuda {

namespace detail {

/// Mean and 1 / standard deviation of a row.
template <int D> struct row_moments {
    float mean, rstd;
    __device__ explicit row_moments(const row_share<D>& x) {
        mean = x.sum([&](int j, int v) { return x.at[j][v]; }) / D;
        const float squares = x.sum([&](int j, int v) { return (x.at[j][v] - mean) * (x.at[j][v] - mean); });
        rstd = 1.0f / sqrtf(squares / D + static_cast<float>(ops::norm_epsilon));
    }
};

template <int D, int M, class T>
__global__ void __launch_bounds__(row_share<D>::threads)
    modulated_norm_kernel(const float* h, const float* modulation, std::int64_t per_frame, int chunk, T* y) {
    const std::int64_t r = blockIdx.x;
    const float* from = modulation + r / per_frame * M + chunk * D;
    row_share<D> x(h + r * D);
    const row_share<D> shift(from), scale(from + D);
    const row_moments<D> of(x);
    x.each([&](int j, int v) {
        x.at[j][v] = (x.at[j][v] - of.mean) * of.rstd * (1.0f + scale.at[j][v]) + shift.at[j][v];
    });
    x.store(y + r * D);
}

/// part[frame, group] = the group's shares of dshift and dscale.
template <int D, int M, class T>
__global__ void __launch_bounds__(row_share<D>::threads)
    modulated_norm_grad_kernel(const float* h, const float* modulation, std::int64_t per_frame, std::int64_t group_rows,
                               int chunk, const T* dy, float* dh, float* part) {
    const std::int64_t f = blockIdx.x, last = min(per_frame, (blockIdx.y + 1) * group_rows);
    const row_share<D> scale(modulation + f * M + (chunk + 1) * D);
    row_share<D> dshift, dscale;
    for (std::int64_t r = f * per_frame + blockIdx.y * group_rows; r < f * per_frame + last; ++r) {
        row_share<D> x(h + r * D), g(dy + r * D), to(dh + r * D);
        const row_moments<D> of(x);
        x.each([&](int j, int v) {
            x.at[j][v] = (x.at[j][v] - of.mean) * of.rstd;
            dshift.at[j][v] += g.at[j][v];
            dscale.at[j][v] += g.at[j][v] * x.at[j][v];
            g.at[j][v] *= 1.0f + scale.at[j][v];
        });
        const float sum = g.sum([&](int j, int v) { return g.at[j][v]; }) / D;
        const float projection = g.sum([&](int j, int v) { return g.at[j][v] * x.at[j][v]; }) / D;
        to.each([&](int j, int v) { to.at[j][v] += of.rstd * (g.at[j][v] - sum - x.at[j][v] * projection); });
        to.store(dh + r * D);
    }
    float* mine = part + (f * gridDim.y + blockIdx.y) * 2 * D;
    dshift.store(mine);
    dscale.store(mine + D);
}

template <int D, int M, class T> struct gate_rows {
    static constexpr int P = pack_of_row<D>;
    const float *h, *modulation;
    std::int64_t per_frame;
    int chunk;
    const T* y;
    float* next;
    __device__ void operator()(std::int64_t i) const {
        const std::int64_t r = i / (D / P), d = i % (D / P) * P;
        const auto gate = *reinterpret_cast<const pack<float, P>*>(modulation + r / per_frame * M + chunk * D + d);
        const auto branch = *reinterpret_cast<const pack<T, P>*>(y + r * D + d);
        auto sum = *reinterpret_cast<const pack<float, P>*>(h + r * D + d);
        for (int v = 0; v < P; ++v) sum.element[v] += gate.element[v] * static_cast<float>(branch.element[v]);
        *reinterpret_cast<pack<float, P>*>(next + r * D + d) = sum;
    }
};

/// part[frame, group] = the group's share of dgate.
template <int D, int M, class T>
__global__ void __launch_bounds__(row_share<D>::threads)
    gated_residual_grad_kernel(const float* dh, const float* modulation, std::int64_t per_frame,
                               std::int64_t group_rows, int chunk, const T* y, T* dy, float* part) {
    const std::int64_t f = blockIdx.x, last = min(per_frame, (blockIdx.y + 1) * group_rows);
    const row_share<D> gate(modulation + f * M + chunk * D);
    row_share<D> dgate;
    for (std::int64_t r = f * per_frame + blockIdx.y * group_rows; r < f * per_frame + last; ++r) {
        row_share<D> g(dh + r * D);
        const row_share<D> branch(y + r * D);
        g.each([&](int j, int v) {
            dgate.at[j][v] += g.at[j][v] * branch.at[j][v];
            g.at[j][v] *= gate.at[j][v];
        });
        g.store(dy + r * D);
    }
    dgate.store(part + (f * gridDim.y + blockIdx.y) * D);
}

/// A frame's rows in groups: the grid of the kernels that sum over frames, and what they leave.
template <int Width> struct frame_groups {
    std::int64_t frames, per_frame, group_rows, groups;
    view<float, dynamic, Width> part;
    frame_groups(context& ctx, std::int64_t all_frames, std::int64_t rows)
        : frames(all_frames), per_frame(rows / std::max<std::int64_t>(1, frames)),
          group_rows(parts_of_sums::rows_of_a_block(rows)), groups((per_frame + group_rows - 1) / group_rows),
          part(ctx.arena.take<float, dynamic, Width>(frames * groups)) {}
    dim3 grid() const { return dim3(static_cast<unsigned>(frames), static_cast<unsigned>(groups)); }
};

} // namespace detail

template <int R, int D, int M, class T>
void modulated_norm_on(context& ctx, view<const float, R, D> h, view<const float, R, M> modulation, int chunk,
                       view<T, R, D> y) {
    const std::int64_t rows = h.extent(0);
    if (rows == 0) return;
    detail::modulated_norm_kernel<D, M><<<static_cast<unsigned>(rows), detail::row_share<D>::threads, 0, ctx.stream>>>(
        h.data(), modulation.data(), rows / modulation.extent(0), chunk, y.data());
    check_launch("ops::modulated_norm", h.size());
}

template <int R, int D, int M, class T>
void modulated_norm_grad_on(context& ctx, view<const float, R, D> h, view<const float, R, M> modulation, int chunk,
                            view<const T, R, D> dy, view<float, R, D> dh, view<float, R, M> dmodulation) {
    if (h.extent(0) == 0) return;
    const arena::scope scope(ctx.arena);
    const detail::frame_groups<2 * D> by(ctx, modulation.extent(0), h.extent(0));
    detail::modulated_norm_grad_kernel<D, M><<<by.grid(), detail::row_share<D>::threads, 0, ctx.stream>>>(
        h.data(), modulation.data(), by.per_frame, by.group_rows, chunk, dy.data(), dh.data(), by.part.data());
    check_launch("ops::modulated_norm_grad", h.size());
    assign_sum_of_parts(ctx, "ops::modulated_norm_grad", by.frames, by.groups, 2 * D, M, by.part.data(),
                        dmodulation.data() + chunk * D);
}

template <int R, int D, int M, class T>
void gated_residual_on(context& ctx, view<const float, R, D> h, view<const float, R, M> modulation, int chunk,
                       view<const T, R, D> y, view<float, R, D> h_next) {
    const std::int64_t per_frame = h.extent(0) / std::max<std::int64_t>(1, modulation.extent(0));
    each(ctx, "ops::gated_residual", h.size() / pack_of_row<D>,
         detail::gate_rows<D, M, T>{h.data(), modulation.data(), per_frame, chunk, y.data(), h_next.data()});
}

template <int R, int D, int M, class T>
void gated_residual_grad_on(context& ctx, view<const float, R, D> dh, view<const float, R, M> modulation, int chunk,
                            view<const T, R, D> y, view<T, R, D> dy, view<float, R, M> dmodulation) {
    if (dh.extent(0) == 0) return;
    const arena::scope scope(ctx.arena);
    const detail::frame_groups<D> by(ctx, modulation.extent(0), dh.extent(0));
    detail::gated_residual_grad_kernel<D, M><<<by.grid(), detail::row_share<D>::threads, 0, ctx.stream>>>(
        dh.data(), modulation.data(), by.per_frame, by.group_rows, chunk, y.data(), dy.data(), by.part.data());
    check_launch("ops::gated_residual_grad", dh.size());
    assign_sum_of_parts(ctx, "ops::gated_residual_grad", by.frames, by.groups, D, M, by.part.data(),
                        dmodulation.data() + chunk * D);
}

} // namespace walt::cuda
