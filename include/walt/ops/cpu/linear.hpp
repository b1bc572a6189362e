// CPU: linear maps by oneDNN's matmul, in pieces that are fixed by the shape; each is one thread's.
#pragma once

#include "../reference/linear.hpp"
#include "context.hpp"

#include <algorithm>
#include <array>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

/// c [M, N] (+)= a [M, K] b [K, N] (+ bias [N]); a and b may be stored transposed.
struct product {
    std::int64_t m, n, k;
    bool a_transposed, b_transposed, add;

    /// A piece's rows and columns, at most: some 0.1 ms of work, of whole rows if possible, since a piece packs its
    /// part of b anew. Larger products have larger pieces, 256 of them or so.
    struct tile {
        std::int64_t rows, columns;
    };
    tile piece() const {
        const std::int64_t work = m * n * k, wanted = std::clamp<std::int64_t>(work / 256, 1 << 23, 1 << 28);
        if (work < wanted) return {m, n};
        const auto cut = [](std::int64_t all, std::int64_t at_most, std::int64_t multiple) {
            return std::min(all, std::max<std::int64_t>(at_most / multiple, 1) * multiple);
        };
        const std::int64_t rows = cut(m, wanted / (n * k), 64);
        return {rows, rows * n * k < 2 * wanted ? n : cut(n, wanted / (rows * k), 128)};
    }
};

/// The primitive of one piece of a product. Its operands' rows lie in larger matrices.
template <class T, class U, class Bias> struct product_piece {
    onednn_layout a, b, bias, c;
    onednn_primitive primitive;

    product_piece(context& ctx, const product& p, std::int64_t rows, std::int64_t columns, bool biased) {
        using extents = onednn_layout::extents;
        a = {onednn_type<T>(), {rows, p.k}, p.a_transposed ? extents{1, p.m} : extents{p.k, 1}};
        b = {onednn_type<T>(), {p.k, columns}, p.b_transposed ? extents{1, p.k} : extents{p.n, 1}};
        c = {onednn_type<U>(), {rows, columns}, extents{p.n, 1}};
        bias = {dnnl_f32, {1, columns}, dnnl_ab};
        const onednn::key key{1,     rows,   columns,        p.a_transposed ? p.m : 0,
                              p.n,   p.k,    p.a_transposed, p.b_transposed,
                              p.add, biased, sizeof(T),      sizeof(U)};
        primitive =
            ctx.library.cached(key, p.add, [&](const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
                const auto added = biased ? bias.get() : nullptr;
                return describe(ctx.library, onednn_matmul, nullptr, attributes, desc, a.get(), b.get(), added,
                                c.get());
            });
    }
};

template <class T, class U, class Bias>
void multiply(context& ctx, const product& p, const T* a, const T* b, const Bias* bias, U* c) {
    if (p.m == 0 || p.k == 0) return; // no rows: nothing to write, or nothing to add
    const auto whole = p.piece();
    const std::int64_t rows = whole.rows, columns = whole.columns; // (clang 14 captures no structured binding)
    const std::int64_t across = (p.n + columns - 1) / columns, down = (p.m + rows - 1) / rows;
    const auto rest = [](std::int64_t all, std::int64_t part) { return all - (all - 1) / part * part; };
    using piece = product_piece<T, U, Bias>;
    const auto pieces = [&] { // whole ones, and those at the right, at the bottom and in the corner
        const alone one;      // what a primitive does depends on the threads that it thinks it has
        return std::array{piece(ctx, p, rows, columns, bias), piece(ctx, p, rows, rest(p.n, columns), bias),
                          piece(ctx, p, rest(p.m, rows), columns, bias),
                          piece(ctx, p, rest(p.m, rows), rest(p.n, columns), bias)};
    }();
    parallel(down * across, rows * columns * p.k / 64, [&](std::int64_t i) {
        const alone one;
        const std::int64_t row = i / across * rows, column = i % across * columns;
        const piece& with = pieces[(row + rows > p.m ? 2u : 0u) + (column + columns > p.n ? 1u : 0u)];
        const auto& library = ctx.library;
        library.run(thread_scratch(), with.primitive,
                    {{DNNL_ARG_SRC, library.wrap(with.a, a + row * (p.a_transposed ? 1 : p.k))},
                     {DNNL_ARG_WEIGHTS, library.wrap(with.b, b + column * (p.b_transposed ? p.k : 1))},
                     {DNNL_ARG_DST, library.wrap(with.c, c + row * p.n + column)},
                     {DNNL_ARG_BIAS, bias ? library.wrap(with.bias, bias + column) : onednn_tensor()}});
    });
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

template <class T, int R, int N, class DBias> void linear_grad_bias_on(context&, view<const T, R, N> dy, DBias dbias) {
    constexpr std::int64_t columns = 64; // a cache line of bf16 or two of float a row
    parallel_pieces(
        N, columns,
        [&](std::int64_t first, std::int64_t last) {
            float sum[columns] = {};
            const int width = static_cast<int>(last - first);
            for (std::int64_t r = 0; r < dy.extent(0); ++r) {
                const T* row = dy.data() + r * N + first;
                for (int j = 0; j < width; ++j) sum[j] += static_cast<float>(row[j]);
            }
            for (int j = 0; j < width; ++j) dbias.data()[first + j] += sum[j];
        },
        dy.extent(0));
}

template <class T, int R, int K, int N, class DBias>
void linear_grad_weight_on(context& ctx, view<const T, R, K> x, view<const T, R, N> dy, view<float, N, K> dw,
                           DBias dbias) {
    detail::multiply<T, float, float>(ctx, {N, K, x.extent(0), true, false, true}, dy.data(), x.data(), nullptr,
                                      dw.data());
    if constexpr (!is_none<DBias>) linear_grad_bias_on(ctx, dy, dbias);
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
