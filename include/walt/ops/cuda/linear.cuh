// CUDA: linear maps by cuBLASLt.
#pragma once

#include "../linear.hpp"
#include "pointwise.cuh"
#include "reduce.cuh"

namespace walt::cuda {

template <class T, int R, int K, int N, class W, class Bias, class U>
void linear_on(context& ctx, view<const T, R, K> x, W w, Bias bias, view<U, R, N> y) {
    const arena::scope scope(ctx.arena);
    const U* b = nullptr;
    if constexpr (is_none<Bias>) {
    } else if constexpr (std::is_same_v<U, float>) b = bias.data();
    else { // cuBLASLt wants a bias of y's type; it adds it before it rounds the sum
        const auto rounded = ctx.arena.take<U, N>();
        convert_on(ctx, bias, rounded);
        b = rounded.data();
    }
    const product p{x.extent(0), N, K, false, true, false, ctx.precision == math::tf32};
    ctx.products.multiply(ctx.stream, p, x.data(), w.data(), b, y.data());
}

template <class T, int R, int K, int N, class W, class U>
void linear_grad_input_on(context& ctx, view<const T, R, N> dy, W w, view<U, R, K> dx) {
    const U* no_bias = nullptr;
    const product p{dy.extent(0), K, N, false, false, false, ctx.precision == math::tf32};
    ctx.products.multiply(ctx.stream, p, dy.data(), w.data(), no_bias, dx.data());
}

template <class T, int R, int K, int N, class DBias>
void linear_grad_weight_on(context& ctx, view<const T, R, K> x, view<const T, R, N> dy, view<float, N, K> dw, DBias dbias) {
    const float* no_bias = nullptr;
    if (x.extent(0) == 0) return;
    const product p{N, K, x.extent(0), true, false, true, ctx.precision == math::tf32};
    ctx.products.multiply(ctx.stream, p, dy.data(), x.data(), no_bias, dw.data());
    if constexpr (!is_none<DBias>) add_column_sums(ctx, "ops::linear_grad_weight", dy.data(), dy.extent(0), N, dbias.data());
}

} // namespace walt::cuda
