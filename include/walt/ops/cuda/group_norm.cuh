// CUDA: group norm of every frame. A block sums a piece of a frame by channels; pieces, then a group's channels are put
// together in a fixed order and in double: what a norm over few channels magnifies must not hang on the order of
// additions.
#pragma once

#include "../group_norm.hpp"
#include "frame_tile.cuh"

namespace walt::cuda {

namespace detail {

/// Count, mean and sum of squared distances from it: what may be joined without cancellation.
template <class A> struct moments {
    A count, mean, squares;
    template <class B> __device__ void join(const moments<B>& other) {
        if (other.count == 0) return;
        const A all = count + other.count, distance = other.mean - mean, share = other.count / all;
        squares += other.squares + distance * distance * count * share;
        mean += distance * share;
        count = all;
    }
};

/// part[frame, piece, C] = moments of the piece's channels.
template <class Tile, int C, class X>
__global__ void __launch_bounds__(Tile::threads)
    moments_kernel(const X* x, std::int64_t positions, moments<double>* part) {
    __shared__ channel_board<Tile> means, distances;
    __shared__ float counts[Tile::rows]; // the same for all channels of a row
    const Tile tile(positions);
    float start[Tile::P] = {}, sum[Tile::P] = {}, squares[Tile::P] = {}; // about the thread's first values
    int count = 0;
    tile.each(positions, [&](std::int64_t at) {
        const auto values = Tile::load(x + at);
        for (int v = 0; v < Tile::P; ++v) {
            const float value = static_cast<float>(values.element[v]);
            if (count == 0) start[v] = value;
            sum[v] += value - start[v];
            squares[v] += (value - start[v]) * (value - start[v]);
        }
        ++count;
    });
    for (int v = 0; v < Tile::P; ++v) {
        const float mean = count == 0 ? 0.0f : sum[v] / static_cast<float>(count);
        means(tile.row, tile.column * Tile::P + v) = start[v] + mean;
        distances(tile.row, tile.column * Tile::P + v) = squares[v] - sum[v] * mean;
    }
    if (tile.column == 0) counts[tile.row] = static_cast<float>(count);
    __syncthreads();
    for (int c = static_cast<int>(threadIdx.x); c < Tile::channels; c += Tile::threads) {
        const int channel = static_cast<int>(blockIdx.y) * Tile::channels + c;
        if (channel >= C) break;
        moments<double> joined{};
        for (int r = 0; r < Tile::rows; ++r) joined.join(moments<float>{counts[r], means(r, c), distances(r, c)});
        part[std::int64_t{blockIdx.x} * C + channel] = joined;
    }
}

/// statistics[frame, G, 2] from the pieces of a group's channels; one warp each. (cub::WarpReduce with this operator
/// would shuffle the same six words five times.)
template <int C, int G>
__global__ void group_statistics_kernel(const moments<double>* part, std::int64_t pieces, float* statistics) {
    constexpr int width = C / G;
    const std::int64_t frame = blockIdx.x / G, g = blockIdx.x % G;
    moments<double> joined{};
    for (std::int64_t i = threadIdx.x; i < pieces * width; i += 32)
        joined.join(part[(frame * pieces + i / width) * C + g * width + i % width]);
    for (int distance = 16; distance > 0; distance /= 2)
        joined.join(moments<double>{__shfl_down_sync(0xffffffffu, joined.count, distance),
                                    __shfl_down_sync(0xffffffffu, joined.mean, distance),
                                    __shfl_down_sync(0xffffffffu, joined.squares, distance)});
    if (threadIdx.x != 0) return;
    statistics[2 * blockIdx.x] = static_cast<float>(joined.mean);
    statistics[2 * blockIdx.x + 1] =
        static_cast<float>(1 / sqrt(joined.squares / joined.count + ops::group_norm_epsilon));
}

/// What a thread's channels are normalised, scaled and shifted by.
template <class Tile, int C, int G> struct channel_norm {
    float mean[Tile::P], rstd[Tile::P], scale[Tile::P], shift[Tile::P];
    __device__ channel_norm(const Tile& tile, const float* statistics, const float* scales, const float* shifts,
                            std::int64_t row) {
        if (tile.channel >= C) return;
        constexpr int together = Tile::P < 4 ? Tile::P : 4; // floats of one load
        for (int v = 0; v < Tile::P; ++v) {
            if (v > 0 && group(tile, v) == group(tile, v - 1)) mean[v] = mean[v - 1], rstd[v] = rstd[v - 1];
            else {
                const float2 of = reinterpret_cast<const float2*>(statistics)[group(tile, v)];
                mean[v] = of.x, rstd[v] = of.y;
            }
        }
        for (int v = 0; v < Tile::P; v += together) {
            const auto some_scales =
                *reinterpret_cast<const pack<float, together>*>(scales + row * C + tile.channel + v);
            const auto some_shifts =
                *reinterpret_cast<const pack<float, together>*>(shifts + row * C + tile.channel + v);
            for (int w = 0; w < together; ++w)
                scale[v + w] = some_scales.element[w], shift[v + w] = some_shifts.element[w];
        }
    }
    /// Of all frames' groups, that of the thread's channel v.
    __device__ static std::int64_t group(const Tile& tile, int v) {
        return tile.frame * G + (tile.channel + v) / (C / G);
    }
    __device__ float normal(int v, float x) const { return (x - mean[v]) * rstd[v]; }
    __device__ float affine(int v, float normal) const { return normal * scale[v] + shift[v]; }
};

template <class Tile, int C, int G, class Activation, class X, class U>
__global__ void __launch_bounds__(Tile::threads)
    group_norm_kernel(const X* x, const float* statistics, const float* scale, const float* shift, frame_rows rows,
                      std::int64_t positions, U* y) {
    const Tile tile(positions);
    const channel_norm<Tile, C, G> of(tile, statistics, scale, shift, rows.of(tile.frame));
    tile.each(positions, [&](std::int64_t at) {
        const auto values = Tile::load(x + at);
        pack<U, Tile::P> result;
        for (int v = 0; v < Tile::P; ++v)
            result.element[v] =
                static_cast<U>(Activation::value(of.affine(v, of.normal(v, static_cast<float>(values.element[v])))));
        Tile::store(y + at, result);
    });
}

/// part[frame, piece, C, 2] = sums over the piece of g, the gradient of the affine map's result, and of g normal.
template <class Tile, int C, int G, class Activation, class X, class T>
__global__ void __launch_bounds__(Tile::threads)
    group_norm_sums_kernel(const X* x, const float* statistics, const float* scale, const float* shift, frame_rows rows,
                           std::int64_t positions, const T* dy, double2* part) {
    __shared__ channel_board<Tile> all_x, all_y;
    const Tile tile(positions);
    const channel_norm<Tile, C, G> of(tile, statistics, scale, shift, rows.of(tile.frame));
    float2 sum[Tile::P] = {};
    tile.each(positions, [&](std::int64_t at) {
        const auto values = Tile::load(x + at);
        const auto gradients = Tile::load(dy + at);
        for (int v = 0; v < Tile::P; ++v) {
            const float normal = of.normal(v, static_cast<float>(values.element[v]));
            const float g = static_cast<float>(gradients.element[v]) * Activation::slope(of.affine(v, normal));
            sum[v].x += g;
            sum[v].y += g * normal;
        }
    });
    for (int v = 0; v < Tile::P; ++v) {
        all_x(tile.row, tile.column * Tile::P + v) = sum[v].x;
        all_y(tile.row, tile.column * Tile::P + v) = sum[v].y;
    }
    __syncthreads();
    for (int c = static_cast<int>(threadIdx.x); c < Tile::channels; c += Tile::threads) {
        const int channel = static_cast<int>(blockIdx.y) * Tile::channels + c;
        if (channel >= C) break;
        double2 joined{};
        for (int r = 0; r < Tile::rows; ++r) {
            joined.x += all_x(r, c);
            joined.y += all_y(r, c);
        }
        part[std::int64_t{blockIdx.x} * C + channel] = joined;
    }
}

/// sums[frame, C] = the pieces' sums.
template <int C> struct frame_sums {
    const double2* part;
    std::int64_t pieces;
    double2* sums;
    __device__ void operator()(std::int64_t i) const {
        double2 sum{};
        for (std::int64_t piece = 0; piece < pieces; ++piece) {
            const double2 more = part[(i / C * pieces + piece) * C + i % C];
            sum.x += more.x;
            sum.y += more.y;
        }
        sums[i] = sum;
    }
};

/// dscale and dshift [R, C] += the sums of the frames that use a row, which follow one another.
template <int C> struct row_sums {
    const double2* sums;
    std::int64_t frames;
    frame_rows rows;
    float *dscale, *dshift;
    __device__ void operator()(std::int64_t i) const {
        double2 sum{};
        bool used = false;
        for (std::int64_t frame = 0; frame < frames; ++frame)
            if (rows.of(frame) == i / C) {
                sum.x += sums[frame * C + i % C].x;
                sum.y += sums[frame * C + i % C].y;
                used = true;
            }
        if (!used) return;
        dshift[i] += static_cast<float>(sum.x);
        dscale[i] += static_cast<float>(sum.y);
    }
};

/// flow[frame, G] = means over a group of g scale and of g scale normal.
template <int C, int G> struct group_flow {
    const double2* sums;
    const float* scale;
    frame_rows rows;
    double count;
    float2* flow;
    __device__ void operator()(std::int64_t i) const {
        constexpr int width = C / G;
        const std::int64_t frame = i / G, first = i % G * width;
        double2 sum{};
        for (int c = 0; c < width; ++c) {
            const double by = scale[rows.of(frame) * C + first + c];
            sum.x += by * sums[frame * C + first + c].x;
            sum.y += by * sums[frame * C + first + c].y;
        }
        flow[i] = {static_cast<float>(sum.x / count), static_cast<float>(sum.y / count)};
    }
};

template <class Tile, int C, int G, class Activation, bool Add, class X, class T, class U>
__global__ void __launch_bounds__(Tile::threads)
    group_norm_grad_kernel(const X* x, const float* statistics, const float* scale, const float* shift, frame_rows rows,
                           std::int64_t positions, const float2* flow, const T* dy, U* dx) {
    const Tile tile(positions);
    const channel_norm<Tile, C, G> of(tile, statistics, scale, shift, rows.of(tile.frame));
    float2 means[Tile::P] = {};
    if (tile.channel < C)
        for (int v = 0; v < Tile::P; ++v) means[v] = flow[of.group(tile, v)];
    tile.each(positions, [&](std::int64_t at) {
        const auto values = Tile::load(x + at);
        const auto gradients = Tile::load(dy + at);
        pack<U, Tile::P> result{};
        if constexpr (Add) result = Tile::load(dx + at);
        for (int v = 0; v < Tile::P; ++v) {
            const float normal = of.normal(v, static_cast<float>(values.element[v]));
            const float g = static_cast<float>(gradients.element[v]) * Activation::slope(of.affine(v, normal));
            const float part = of.rstd[v] * (g * of.scale[v] - means[v].x - normal * means[v].y);
            result.element[v] = static_cast<U>(Add ? part + static_cast<float>(result.element[v]) : part);
        }
        Tile::store(dx + at, result);
    });
}

} // namespace detail

template <class Activation, class X, int C, class Scale, class U, int G>
void group_norm_on(context& ctx, Activation, video_view<const X, C> x, Scale scale, Scale shift, const frame_rows& rows,
                   video_view<U, C> y, view<float, dynamic, G, 2> statistics) {
    if (x.size() == 0) return;
    using reading = detail::frame_tile<C, X>;
    using writing = detail::frame_tile<C, X, U>;
    const arena::scope scope(ctx.arena);
    const std::int64_t frames = x.extent(0) * x.extent(1), positions = x.extent(2) * x.extent(3),
                       pieces = reading::pieces(positions);
    const auto part = ctx.arena.take<detail::moments<double>, dynamic>(frames * pieces * C);
    detail::moments_kernel<reading, C>
        <<<reading::grid(frames, positions), reading::threads, 0, ctx.stream>>>(x.data(), positions, part.data());
    check_launch("ops::group_norm", x.size());
    detail::group_statistics_kernel<C, G>
        <<<static_cast<unsigned>(frames * G), 32, 0, ctx.stream>>>(part.data(), pieces, statistics.data());
    check_launch("ops::group_norm", x.size());
    detail::group_norm_kernel<writing, C, G, Activation>
        <<<writing::grid(frames, positions), writing::threads, 0, ctx.stream>>>(
            x.data(), statistics.data(), scale.data(), shift.data(), rows, positions, y.data());
    check_launch("ops::group_norm", x.size());
}

template <class Activation, class X, int C, class Scale, int G, class T, class U, class DScale>
void group_norm_grad_on(context& ctx, Activation, video_view<const X, C> x, Scale scale, Scale shift,
                        const frame_rows& rows, view<const float, dynamic, G, 2> statistics, video_view<const T, C> dy,
                        video_view<U, C> dx, DScale dscale, DScale dshift, bool add) {
    if (x.size() == 0) return;
    using reading = detail::frame_tile<C, X, T>;
    using writing = detail::frame_tile<C, X, T, U>;
    const arena::scope scope(ctx.arena);
    const char* what = "ops::group_norm_grad";
    const std::int64_t frames = x.extent(0) * x.extent(1), positions = x.extent(2) * x.extent(3),
                       pieces = reading::pieces(positions);
    const auto part = ctx.arena.take<double2, dynamic>(frames * pieces * C),
               sums = ctx.arena.take<double2, dynamic>(frames * C);
    const auto flow = ctx.arena.take<float2, dynamic>(frames * G);
    detail::group_norm_sums_kernel<reading, C, G, Activation>
        <<<reading::grid(frames, positions), reading::threads, 0, ctx.stream>>>(
            x.data(), statistics.data(), scale.data(), shift.data(), rows, positions, dy.data(), part.data());
    check_launch(what, x.size());
    each(ctx, what, sums.size(), detail::frame_sums<C>{part.data(), pieces, sums.data()});
    each(ctx, what, dscale.size(), detail::row_sums<C>{sums.data(), frames, rows, dscale.data(), dshift.data()});
    each(ctx, what, flow.size(),
         detail::group_flow<C, G>{sums.data(), scale.data(), rows, static_cast<double>(positions * (C / G)),
                                  flow.data()});
    const auto finish = [&](auto kernel) {
        kernel<<<writing::grid(frames, positions), writing::threads, 0, ctx.stream>>>(
            x.data(), statistics.data(), scale.data(), shift.data(), rows, positions, flow.data(), dy.data(),
            dx.data());
        check_launch(what, x.size());
    };
    if (add) finish(detail::group_norm_grad_kernel<writing, C, G, Activation, true, X, T, U>);
    else finish(detail::group_norm_grad_kernel<writing, C, G, Activation, false, X, T, U>);
}

} // namespace walt::cuda
