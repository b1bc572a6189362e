// CUDA: linear maps by cuBLASLt.
#pragma once

#include "../linear.hpp"
#include "pointwise.cuh"
#include "reduce.cuh"

namespace walt::cuda {

namespace detail {
/// The bias in y's type, which cuBLASLt wants; it adds it before it rounds the sum.
template <class U, int N, class Bias> const U* bias_of_type(context& ctx, Bias bias) {
    if constexpr (is_none<Bias>) return nullptr;
    else if constexpr (std::is_same_v<U, float>) return bias.data();
    else {
        const auto rounded = ctx.arena.take<U, N>();
        convert_on(ctx, bias, rounded);
        return rounded.data();
    }
}
} // namespace detail

template <class T, int R, int K, int N, class W, class Bias, class U>
void linear_on(context& ctx, view<const T, R, K> x, W w, Bias bias, view<U, R, N> y) {
    const arena::scope scope(ctx.arena);
    const product p{x.extent(0), N, K, false, true, false, ctx.precision == math::tf32};
    if ((is_none<Bias> || ctx.products.fuse.bias) &&
        ctx.products.multiply(ctx.stream, p, x.data(), w.data(), detail::bias_of_type<U, N>(ctx, bias), y.data()))
        return;
    if constexpr (!is_none<Bias>) { // no algorithm adds the bias on the way
        const float* no_bias = nullptr;
        const auto sum = ctx.arena.take<float, dynamic, N>(y.extent(0)); // R may be a number
        ctx.products.multiply(ctx.stream, p, x.data(), w.data(), no_bias, sum.data());
        each(ctx, "ops::linear", y.size() / pack_of_row<N>,
             detail::finish_rows<N, true, U>{sum.data(), bias.data(), y.data()});
    }
}

/// With cuBLASLt's GELU, which is docs/model.md's tanh form. It computes in bf16's precision only, so float keeps to
/// two kernels; so do large products, for which cuBLASLt's GELU costs more than a pass over memory (on an H200 0.072 ms
/// for 10240 x 4096, where a pass has 0.04 ms to move; 0.009 for 1280 x 9216: docs/gpu/h200.md).
template <int R, int K, int N, class W, class Bias>
void linear_activate_on(context& ctx, activation::gelu, view<const bf16, R, K> x, W w, Bias bias,
                        view<bf16, R, N> inner, view<bf16, R, N> y) {
    const arena::scope scope(ctx.arena);
    const product p{x.extent(0), N, K, false, true, false, false, epilogue::gelu};
    const bool fused = ctx.products.fuse.gelu && N % 8 == 0 && x.extent(0) * N <= std::int64_t{1} << 24;
    if (fused && ctx.products.multiply(ctx.stream, p, x.data(), w.data(), detail::bias_of_type<bf16, N>(ctx, bias),
                                       y.data(), inner.data()))
        return;
    linear_on(ctx, x, w, bias, inner);
    activate_on(ctx, activation::gelu{}, inner.read(), y);
}

template <class T, int R, int K, int N, class W, class U>
void linear_grad_input_on(context& ctx, view<const T, R, N> dy, W w, view<U, R, K> dx) {
    const U* no_bias = nullptr;
    const product p{dy.extent(0), K, N, false, false, false, ctx.precision == math::tf32};
    ctx.products.multiply(ctx.stream, p, dy.data(), w.data(), no_bias, dx.data());
}

template <int R, int K, int N, class W>
void linear_grad_activated_input_on(context& ctx, activation::gelu, view<const bf16, R, N> dy, W w,
                                    view<const bf16, R, K> inner, view<bf16, R, K> dinner) {
    const bf16* no_bias = nullptr;
    const product p{dy.extent(0), K, N, false, false, false, false, epilogue::gelu_grad};
    if (K % 8 == 0 && ctx.products.multiply(ctx.stream, p, dy.data(), w.data(), no_bias, dinner.data(), inner.data()))
        return;
    linear_grad_input_on(ctx, dy, w, dinner);
    activate_grad_on(ctx, activation::gelu{}, inner, dinner.read(), dinner);
}

template <class T, int R, int N, class DBias>
void linear_grad_bias_on(context& ctx, view<const T, R, N> dy, DBias dbias) {
    add_column_sums(ctx, "ops::linear_grad_weight", dy.data(), dy.extent(0), N, dbias.data());
}

template <class T, int R, int K, int N, class DBias>
void linear_grad_weight_on(context& ctx, view<const T, R, K> x, view<const T, R, N> dy, view<float, N, K> dw,
                           DBias dbias) {
    if (x.extent(0) == 0) return;
    if constexpr (!is_none<DBias> && std::is_same_v<T, bf16>) { // cuBLASLt's sums of tf32 would not be float32's
        const arena::scope scope(ctx.arena);
        const auto sums = ctx.arena.take<float, N>();
        const product with_sums{N, K, x.extent(0), true, false, true, false, epilogue::sums_of_a};
        if (ctx.products.multiply(ctx.stream, with_sums, dy.data(), x.data(), sums.data(), dw.data()))
            return accumulate_on(ctx, sums.read(), dbias);
    }
    const float* no_bias = nullptr;
    const product p{N, K, x.extent(0), true, false, true, ctx.precision == math::tf32};
    ctx.products.multiply(ctx.stream, p, dy.data(), x.data(), no_bias, dw.data());
    if constexpr (!is_none<DBias>) linear_grad_bias_on(ctx, dy, dbias);
}

} // namespace walt::cuda
