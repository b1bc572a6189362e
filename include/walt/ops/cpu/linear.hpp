// CPU: linear maps, by walt's products or by oneDNN's matmul in pieces that are fixed by the shape; each is one
// thread's. What comes after a product is done with a piece while it is in cache.
#pragma once

#include "../reference/linear.hpp"
#include "context.hpp"
#include "product.hpp"
#include "resting_weights.hpp"
#include "vector_math.hpp"

#include <algorithm>
#include <array>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {

inline float* data_or_null(none) { return nullptr; }
template <class View> auto data_or_null(const View& of) { return of.data(); }

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
template <class T, class U> struct product_piece {
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

/// after(first row, last, first column, last) is called when a piece of c is there.
template <class T, class U, class After>
void multiply_by_onednn(context& ctx, const product& p, const T* a, const T* b, const float* bias, U* c,
                        const After& after) {
    if (p.m == 0 || p.k == 0) return; // no rows: nothing to write, or nothing to add
    const auto whole = p.piece();
    const std::int64_t rows = whole.rows, columns = whole.columns; // (clang 14 captures no structured binding)
    const std::int64_t across = (p.n + columns - 1) / columns, down = (p.m + rows - 1) / rows;
    const auto rest = [](std::int64_t all, std::int64_t part) { return all - (all - 1) / part * part; };
    using piece = product_piece<T, U>;
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
        after(row, std::min(p.m, row + rows), column, std::min(p.n, column + columns));
    });
}

/// Whether oneDNN multiplies T (context::products).
template <class T> bool onednn_multiplies(const context& ctx) {
    if (ctx.products != multiplier::fastest || !std::is_same_v<T, bf16>) return ctx.products == multiplier::onednn;
    return std::is_same_v<operand_t<T>, T> ? tile_registers::present() && onednn::has(dnnl_cpu_isa_avx512_core_amx)
                                           : onednn::has(dnnl_cpu_isa_avx512_core_bf16);
}

/// Sums of a result in float, on their way to memory: as they are,
template <class U> struct then_store {
    U* c;
    void ahead(std::int64_t place) const { __builtin_prefetch(c + place, 1); }
    void operator()(float_vector& v, std::int64_t place, int count) const { store_lanes(v, c + place, count); }
};
/// as `inner`, and through an activation as y;
template <class Activation, class U, class Y> struct then_activate {
    U* inner;
    Y* y;
    void ahead(std::int64_t place) const {
        __builtin_prefetch(inner + place, 1);
        __builtin_prefetch(y + place, 1);
    }
    void operator()(float_vector& v, std::int64_t place, int count) const {
        store_lanes(v, inner + place, count);
        round_to<U>(v);
        vector_math<Activation>::in_place(v);
        store_lanes(v, y + place, count);
    }
};
/// times the slope of an activation at `inner`.
template <class Activation, class Inner, class U> struct then_times_slope {
    const Inner* inner;
    U* c;
    void ahead(std::int64_t place) const {
        __builtin_prefetch(inner + place);
        __builtin_prefetch(c + place, 1);
    }
    void operator()(float_vector& v, std::int64_t place, int count) const {
        float_vector slope;
        load_lanes(slope, inner + place, count);
        vector_math<Activation>::slope_of(slope);
        v *= slope;
        store_lanes(v, c + place, count);
    }
};

/// a [M, K] b (+ bias [N]), b [K, N] or stored transposed, by way of c [M, N]: then(sums, place, count) for every
/// sixteen or fewer of a row stores them in c, or something that it makes of them; then.ahead(place) asks for the
/// memory.
template <class T, class U, class Then>
void multiply(context& ctx, const product& p, const T* a, const T* b, const float* bias, U* c, const Then& then) {
    if (onednn_multiplies<T>(ctx))
        return multiply_by_onednn(ctx, p, a, b, bias, c,
                                  [&](std::int64_t row, std::int64_t last, std::int64_t column, std::int64_t end) {
                                      if constexpr (!std::is_same_v<Then, then_store<U>>)
                                          for (; row < last; ++row)
                                              for (std::int64_t n = column; n < end; n += vector_lanes) {
                                                  const int count = lanes_left(end - n);
                                                  float_vector v;
                                                  load_lanes(v, c + row * p.n + n, count);
                                                  then(v, row * p.n + n, count);
                                              }
                                  });
    const arena::scope scope(thread_scratch());
    const packed_panels right = packed(ctx, thread_scratch(), b, p.m, p.k, p.n, p.b_transposed);
    const auto ahead = [&](std::int64_t row, std::int64_t column, int count) {
        for (int n = 0; n < count; n += cache_line / static_cast<int>(sizeof(U))) then.ahead(row * p.n + column + n);
    };
    const auto finish = [&](std::int64_t row, std::int64_t column, const float* sums, int count) {
        for (int n = 0; n < count; n += vector_lanes) {
            const int lanes = lanes_left(count - n);
            float_vector v, shift;
            load(v, sums + n);
            if (bias) load_lanes(shift, bias + column + n, lanes), v += shift;
            then(v, row * p.n + column + n, lanes);
        }
    };
    multiply_packed(matrix<T>{a, p.m, p.k}, right, ahead, finish);
}

} // namespace detail

template <class T, int R, int K, int N, class W, class Bias, class U>
void linear_on(context& ctx, view<const T, R, K> x, W w, Bias bias, view<U, R, N> y) {
    detail::multiply(ctx, {x.extent(0), N, K, false, true, false}, x.data(), w.data(), detail::data_or_null(bias),
                     y.data(), detail::then_store<U>{y.data()});
}

template <class Activation, class T, int R, int K, int N, class W, class Bias, class U, class Y>
void linear_activate_on(context& ctx, Activation, view<const T, R, K> x, W w, Bias bias, view<U, R, N> inner, Y y) {
    detail::multiply(ctx, {x.extent(0), N, K, false, true, false}, x.data(), w.data(), detail::data_or_null(bias),
                     inner.data(), detail::then_activate<Activation, U, typename Y::element>{inner.data(), y.data()});
}

template <class T, int R, int K, int N, class W, class U>
void linear_grad_input_on(context& ctx, view<const T, R, N> dy, W w, view<U, R, K> dx) {
    detail::multiply(ctx, {dy.extent(0), K, N, false, false, false}, dy.data(), w.data(), nullptr, dx.data(),
                     detail::then_store<U>{dx.data()});
}

template <class Activation, class T, int R, int K, int N, class W, class Inner, class U>
void linear_grad_activated_input_on(context& ctx, Activation, view<const T, R, N> dy, W w, Inner inner,
                                    view<U, R, K> dinner) {
    using slope = detail::then_times_slope<Activation, std::remove_const_t<typename Inner::element>, U>;
    detail::multiply(ctx, {dy.extent(0), K, N, false, false, false}, dy.data(), w.data(), nullptr, dinner.data(),
                     slope{inner.data(), dinner.data()});
}

template <class T, int R, int N, class DBias> void linear_grad_bias_on(context&, view<const T, R, N> dy, DBias dbias) {
    constexpr std::int64_t rows = 4096, columns = 64; // of a piece; a cache line of bf16 or two of float a row
    constexpr std::int64_t across = (N + columns - 1) / columns;
    const std::int64_t down = (dy.extent(0) + rows - 1) / rows;
    const arena::scope scope(thread_scratch());
    const auto sums = thread_scratch().take<float, dynamic, N>(down);
    parallel(down * across, rows * columns / 8, [&](std::int64_t i) {
        const std::int64_t first = i % across * columns, begin = i / across * rows;
        float sum[columns] = {};
        const int width = static_cast<int>(std::min<std::int64_t>(columns, N - first));
        for (std::int64_t r = begin; r < std::min(dy.extent(0), begin + rows); ++r) {
            const T* row = dy.data() + r * N + first;
            for (int j = 0; j < width; ++j) sum[j] += static_cast<float>(row[j]);
        }
        std::copy_n(sum, width, sums.data() + i / across * N + first);
    });
    for (std::int64_t i = 0; i < down; ++i)
        for (int j = 0; j < N; ++j) dbias.data()[j] += sums(i, j);
}

template <class T, int R, int K, int N, class DBias>
void linear_grad_weight_on(context& ctx, view<const T, R, K> x, view<const T, R, N> dy, view<float, N, K> dw,
                           DBias dbias) {
    if (detail::onednn_multiplies<T>(ctx)) {
        detail::multiply_by_onednn<T, float>(ctx, {N, K, x.extent(0), true, false, true}, dy.data(), x.data(), nullptr,
                                             dw.data(), [](auto...) {});
        if constexpr (!is_none<DBias>) linear_grad_bias_on(ctx, dy, dbias);
    } else
        detail::multiply_transposed(detail::matrix<T>{dy.data(), dy.extent(0), N},
                                    detail::matrix<T>{x.data(), x.extent(0), K}, dw.data(),
                                    detail::data_or_null(dbias));
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
