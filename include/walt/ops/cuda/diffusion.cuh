// CUDA: noise, mixtures and the loss.
#pragma once

#include "../diffusion.hpp"
#include "block_sum.cuh"
#include "elementwise.cuh"
#include "sums.cuh"

#include <algorithm>

namespace walt::cuda {

namespace detail {

template <class A> struct blend_frames {
    const A *a, *x, *b, *y;
    A* out;
    std::int64_t size; // of a frame
    __device__ void operator()(std::int64_t i) const {
        const std::int64_t f = i / size;
        out[i] = a[f] * x[i] + b[f] * y[i];
    }
};

template <class T, class Index> struct lookup_row {
    const T* table;
    const Index* index;
    T* out;
    __device__ void operator()(std::int64_t i) const { out[i] = table[index[i]]; }
};

template <class T> struct normal_block { // four numbers of one Philox block
    philox sequence;
    std::int64_t count;
    T* out;
    bool packs; // out begins where a pack may
    __device__ void operator()(std::int64_t block) const {
        float four[4];
        sequence.normals(static_cast<std::uint64_t>(block), four);
        if (packs && 4 * block + 4 <= count) {
            pack<T> numbers;
            for (int i = 0; i < 4; ++i) numbers.element[i] = static_cast<T>(four[i]);
            reinterpret_cast<pack<T>*>(out)[block] = numbers;
        } else
            for (std::int64_t i = 4 * block; i < min(count, 4 * block + 4); ++i) out[i] = static_cast<T>(four[i % 4]);
    }
};

/// A block per sample of `size` elements, in frames of `frame`.
template <class X, class Y, class W, class Out>
__global__ void rescale_std_kernel(const X* conditional, const Y* guided, double share, const W* weight,
                                   std::int64_t size, std::int64_t frame, Out* out) {
    const std::int64_t first = blockIdx.x * size, last = first + size;
    const auto weight_of = [&](std::int64_t i) { return static_cast<double>(weight[i / frame]); };
    const double weights = walked_sum(first, last, weight_of);
    const auto mean_of = [&](auto&& f) {
        return weights > 0 ? walked_sum(first, last, [&](std::int64_t i) { return weight_of(i) * f(i); }) / weights
                           : 0.0;
    };
    const auto deviation = [&](const auto* x) {
        const double mean = mean_of([&](std::int64_t i) { return static_cast<double>(x[i]); });
        return sqrt(mean_of([&](std::int64_t i) {
            const double distance = static_cast<double>(x[i]) - mean;
            return distance * distance;
        }));
    };
    const double own = deviation(guided), wanted = deviation(conditional);
    const double factor = 1 + share * (own > 0 ? wanted / own - 1 : 0);
    for (std::int64_t i = first + threadIdx.x; i < last;
         i += sum_threads) // out may be either: this thread alone reads i from now on
        out[i] = static_cast<Out>(static_cast<double>(guided[i]) * factor);
}

/// A block per frame of `size` elements: dx, and the frame's part of the loss, in one pass: 12 bytes an element instead
/// of the 20 that a sum and a map would move.
template <class A>
__global__ void square_error_kernel(const A* x, const A* y, const A* weight, std::int64_t size, double* frame_loss,
                                    A* dx) {
    const double weights = walked_sum(0, gridDim.x, [&](std::int64_t f) { return static_cast<double>(weight[f]); });
    const double own = static_cast<double>(weight[blockIdx.x]),
                 share = weights > 0 ? own / (weights * static_cast<double>(size)) : 0.0;
    const std::int64_t first = blockIdx.x * size;
    const double sum = walked_sum(first, first + size, [&](std::int64_t i) {
        const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
        dx[i] = static_cast<A>(2.0 * share * difference);
        return difference * difference;
    });
    if (threadIdx.x == 0) frame_loss[blockIdx.x] = share * sum;
}

} // namespace detail

template <class CA, class X, class CB, class Y, class Out>
void frame_blend_on(context& ctx, CA a, X x, CB b, Y y, Out out) {
    const std::int64_t size = x.size() / std::max<std::int64_t>(1, a.extent(0));
    each(ctx, "ops::frame_blend", out.size(),
         detail::blend_frames<typename Out::element>{a.data(), x.data(), b.data(), y.data(), out.data(), size});
}

template <class Table, class Index, class Out> void lookup_on(context& ctx, Table table, Index index, Out out) {
    each(ctx, "ops::lookup", out.size(),
         detail::lookup_row<typename Out::element, std::remove_const_t<typename Index::element>>{
             table.data(), index.data(), out.data()});
}

template <class Out> void normal_on(context& ctx, philox sequence, Out out) {
    each(ctx, "ops::normal", (out.size() + 3) / 4,
         detail::normal_block<typename Out::element>{sequence, out.size(), out.data(), is_pack_aligned(out.data())});
}

template <class X, class Y, class W, class Out>
void rescale_std_on(context& ctx, X conditional, Y guided, double share, W weight, Out out) {
    if (guided.size() == 0) return;
    detail::rescale_std_kernel<<<static_cast<unsigned>(guided.extent(0)), detail::sum_threads, 0, ctx.stream>>>(
        conditional.data(), guided.data(), share, weight.data(), guided.size() / guided.extent(0),
        guided.size() / weight.extent(0), out.data());
    check_launch("ops::rescale_std", guided.size());
}

template <class X, class Y, class W, class Loss, class DX>
void square_error_on(context& ctx, X x, Y y, W weight, Loss loss, DX dx) {
    const arena::scope scope(ctx.arena);
    const std::int64_t frames = weight.extent(0);
    const auto frame_loss = ctx.arena.take<double, dynamic>(frames);
    if (frames > 0) {
        detail::square_error_kernel<<<static_cast<unsigned>(frames), detail::sum_threads, 0, ctx.stream>>>(
            x.data(), y.data(), weight.data(), x.size() / frames, frame_loss.data(), dx.data());
        check_launch("ops::square_error", x.size());
    }
    assign_sum(ctx, "ops::square_error", frame_loss.data(), frames, loss.data());
}

} // namespace walt::cuda
