// CPU: linear maps by oneDNN's matmul.
#pragma once

#include "../reference/linear.hpp"
#include "context.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

/// c [M, N] (+)= a [M, K] b [K, N] (+ bias [N]); a and b may be stored transposed.
struct product {
    std::int64_t m, n, k;
    bool a_transposed, b_transposed, add;
};

template <class T, class U, class Bias>
void multiply(context& ctx, const product& p, const T* a, const T* b, const Bias* bias, U* c) {
    using memory = dnnl::memory;
    using tag = memory::format_tag;
    if (p.m == 0 || p.k == 0) return; // no rows: nothing to write, or nothing to add
    const memory::desc a_desc({p.m, p.k}, onednn_type<T>(), p.a_transposed ? tag::ba : tag::ab);
    const memory::desc b_desc({p.k, p.n}, onednn_type<T>(), p.b_transposed ? tag::ba : tag::ab);
    const memory::desc c_desc({p.m, p.n}, onednn_type<U>(), tag::ab);
    const memory::desc bias_desc({1, p.n}, dnnl::memory::data_type::f32, tag::ab);
    const onednn::key key{1,         p.m,      p.n, p.k, p.a_transposed, p.b_transposed, p.add, bias != nullptr,
                          sizeof(T), sizeof(U)};
    auto& primitive = ctx.library.cached(key, [&]() -> dnnl::primitive {
        dnnl::primitive_attr attributes;
        if (p.add) {
            dnnl::post_ops sum;
            sum.append_sum(1.0f);
            attributes.set_post_ops(sum);
        }
#if DNNL_VERSION_MAJOR >= 3
        const auto desc =
            bias ? dnnl::matmul::primitive_desc(ctx.library.engine, a_desc, b_desc, bias_desc, c_desc, attributes)
                 : dnnl::matmul::primitive_desc(ctx.library.engine, a_desc, b_desc, c_desc, attributes);
#else
        const dnnl::matmul::primitive_desc desc(bias ? dnnl::matmul::desc(a_desc, b_desc, bias_desc, c_desc)
                                                     : dnnl::matmul::desc(a_desc, b_desc, c_desc),
                                                attributes, ctx.library.engine);
#endif
        return dnnl::matmul(desc);
    });
    onednn::arguments with{{DNNL_ARG_SRC, ctx.library.wrap(a_desc, a)},
                           {DNNL_ARG_WEIGHTS, ctx.library.wrap(b_desc, b)},
                           {DNNL_ARG_DST, ctx.library.wrap(c_desc, c)}};
    if (bias) with.emplace(DNNL_ARG_BIAS, ctx.library.wrap(bias_desc, bias));
    ctx.library.run(primitive, with);
}

} // namespace detail

template <class T, int R, int K, int N, class W, class Bias, class U>
void linear_on(context& ctx, view<const T, R, K> x, W w, Bias bias, view<U, R, N> y) {
    const float* b = nullptr;
    if constexpr (!is_none<Bias>) b = bias.data();
    detail::multiply(ctx, {x.extent(0), N, K, false, true, false}, x.data(), w.data(), b, y.data());
}

template <class T, int R, int K, int N, class W, class U>
void linear_grad_input_on(context& ctx, view<const T, R, N> dy, W w, view<U, R, K> dx) {
    detail::multiply<T, U, float>(ctx, {dy.extent(0), K, N, false, false, false}, dy.data(), w.data(), nullptr,
                                  dx.data());
}

template <class T, int R, int K, int N, class DBias>
void linear_grad_weight_on(context& ctx, view<const T, R, K> x, view<const T, R, N> dy, view<float, N, K> dw,
                           DBias dbias) {
    detail::multiply<T, float, float>(ctx, {N, K, x.extent(0), true, false, true}, dy.data(), x.data(), nullptr,
                                      dw.data());
    if constexpr (!is_none<DBias>) {
        constexpr std::int64_t columns = 64; // a cache line of bf16 or two of float a row
        parallel_pieces(N, columns, [&](std::int64_t first, std::int64_t last) {
            float sum[columns] = {};
            const int width = static_cast<int>(last - first);
            for (std::int64_t r = 0; r < dy.extent(0); ++r) {
                const T* row = dy.data() + r * N + first;
                for (int j = 0; j < width; ++j) sum[j] += static_cast<float>(row[j]);
            }
            for (int j = 0; j < width; ++j) dbias.data()[first + j] += sum[j];
        });
    }
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
