// CUDA: position tables, looked-up rows, sinusoidal codes.
#pragma once

#include "../embedding.hpp"
#include "reduce.cuh"

namespace walt::cuda {

namespace detail {

template <class Order, int D> struct add_position {
    float* h;
    const float *space, *time;
    const std::uint8_t* is_image;
    std::int64_t frames; // F
    __device__ void operator()(std::int64_t i) const {
        const std::int64_t d = i % D, frame = i / D / Order::tokens;
        const int n = Order::row_major(static_cast<int>(i / D % Order::tokens));
        const std::int64_t t = is_image[frame / frames] ? 0 : frame % frames;
        h[i] += space[static_cast<std::int64_t>(n) * D + d] + time[t * D + d];
    }
};

template <class Order, int D> struct add_space_gradient { // a place and a column: over all frames
    const float* dh;
    std::int64_t all_frames;
    float* dspace;
    __device__ void operator()(std::int64_t i) const {
        float sum = 0;
        for (std::int64_t f = 0; f < all_frames; ++f) sum += dh[f * Order::tokens * D + i];
        dspace[static_cast<std::int64_t>(Order::row_major(static_cast<int>(i / D))) * D + i % D] += sum;
    }
};

template <int D> struct add_time_gradient { // a frame's place t and a column: over the samples' frames that use it
    const float* frame_sum;
    const std::uint8_t* is_image;
    std::int64_t frames, all_frames;
    float* dtime;
    __device__ void operator()(std::int64_t i) const {
        const std::int64_t t = i / D, d = i % D;
        float sum = 0;
        for (std::int64_t f = 0; f < all_frames; ++f)
            if ((is_image[f / frames] ? 0 : f % frames) == t) sum += frame_sum[f * D + d];
        dtime[i] += sum;
    }
};

template <class T> struct sinusoid_row {
    const std::int32_t* step;
    int rows_a_step, half;
    T* code;
    __device__ void operator()(std::int64_t i) const { // angles reach 1000: double, whatever the compute type
        const std::int64_t r = i / half;
        const int k = static_cast<int>(i % half);
        const double angle = step[r / rows_a_step] * exp(-9.210340371976184 * k / half); // ln(10000)
        code[r * 2 * half + k] = static_cast<T>(static_cast<float>(cos(angle)));
        code[r * 2 * half + half + k] = static_cast<T>(static_cast<float>(sin(angle)));
    }
};

template <int D, class Table> struct add_row {
    const Table* table;
    const std::int32_t* index;
    float* e;
    __device__ void operator()(std::int64_t i) const {
        e[i] += static_cast<float>(table[static_cast<std::int64_t>(index[i / D]) * D + i % D]);
    }
};

template <int D> struct add_row_gradient { // a column: over all rows, in their order
    const float* de;
    const std::int32_t* index;
    std::int64_t rows;
    float* dtable;
    __device__ void operator()(std::int64_t d) const {
        for (std::int64_t r = 0; r < rows; ++r) dtable[static_cast<std::int64_t>(index[r]) * D + d] += de[r * D + d];
    }
};

template <int D> struct valid_row {
    const float* x;
    const std::uint8_t* valid;
    const float* absent;
    float* y;
    __device__ void operator()(std::int64_t i) const { y[i] = valid[i / D] ? x[i] : absent[i % D]; }
};

template <int D, class DX> struct valid_row_gradient { // a column: over all rows, in their order
    const float* dy;
    const std::uint8_t* valid;
    std::int64_t rows;
    DX* dx;
    float* dabsent;
    __device__ void operator()(std::int64_t d) const {
        for (std::int64_t r = 0; r < rows; ++r) {
            const float from = dy[r * D + d];
            dx[r * D + d] = static_cast<DX>(valid[r] ? from : 0.0f);
            if (!valid[r]) dabsent[d] += from;
        }
    }
};

} // namespace detail

template <class Order, int R, int D, class Space, class Time, class Images>
void add_positions_on(context& ctx, view<float, R, D> h, Space space, Time time, Images is_image) {
    each(ctx, "ops::add_positions", h.size(),
         detail::add_position<Order, D>{h.data(), space.data(), time.data(), is_image.data(), time.extent(0)});
}

template <class Order, int R, int D, class Images, class DSpace, class DTime>
void add_positions_grad_on(context& ctx, view<const float, R, D> dh, Images is_image, DSpace dspace, DTime dtime) {
    const arena::scope scope(ctx.arena);
    const std::int64_t all_frames = dh.extent(0) / Order::tokens;
    each(ctx, "ops::add_positions_grad", std::int64_t{Order::tokens} * D,
         detail::add_space_gradient<Order, D>{dh.data(), all_frames, dspace.data()});
    const auto frame_sum = ctx.arena.take<float, dynamic, D>(all_frames);
    assign_sum_of_parts(ctx, "ops::add_positions_grad", all_frames, Order::tokens, D, D, dh.data(), frame_sum.data());
    each(ctx, "ops::add_positions_grad", dtime.size(),
         detail::add_time_gradient<D>{frame_sum.data(), is_image.data(), dtime.extent(0), all_frames, dtime.data()});
}

template <class Step, class T, int R, int Size>
void sinusoid_on(context& ctx, Step step, int rows_a_step, view<T, R, Size> code) {
    each(ctx, "ops::sinusoid", code.size() / 2,
         detail::sinusoid_row<T>{step.data(), rows_a_step, Size / 2, code.data()});
}

template <class Table, class Index, int R, int D>
void add_rows_on(context& ctx, Table table, Index index, view<float, R, D> e) {
    each(ctx, "ops::add_rows", e.size(),
         detail::add_row<D, std::remove_const_t<typename Table::element>>{table.data(), index.data(), e.data()});
}

template <int R, int D, class Index, class DTable>
void add_rows_grad_on(context& ctx, view<const float, R, D> de, Index index, DTable dtable) {
    each(ctx, "ops::add_rows_grad", D,
         detail::add_row_gradient<D>{de.data(), index.data(), de.extent(0), dtable.data()});
}

template <int R, int D, class Valid, class Absent, class Y>
void valid_rows_on(context& ctx, view<const float, R, D> x, Valid valid, Absent absent, Y y) {
    each(ctx, "ops::valid_rows", x.size(), detail::valid_row<D>{x.data(), valid.data(), absent.data(), y.data()});
}

template <int R, int D, class Valid, class DX, class DAbsent>
void valid_rows_grad_on(context& ctx, view<const float, R, D> dy, Valid valid, DX dx, DAbsent dabsent) {
    each(ctx, "ops::valid_rows_grad", D,
         detail::valid_row_gradient<D, typename DX::element>{dy.data(), valid.data(), dy.extent(0), dx.data(),
                                                             dabsent.data()});
}

} // namespace walt::cuda
