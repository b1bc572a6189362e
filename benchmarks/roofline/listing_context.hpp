// The meta device, and a list of what it was asked to do: every op with its shape, as the CUDA device would run it.
#pragma once

#include <walt/meta.hpp>
#include <walt/ops/cross_attention.hpp>
#include <walt/ops/linear.hpp>
#include <walt/ops/window_attention.hpp>

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace walt::benchmarks::listing {

/// An op and what its time depends on.
struct op {
    std::string name;
    /// A product [m, k] x [k, n]. Attention: m queries and n keys of k numbers, in so many windows and heads.
    std::int64_t m = 0, n = 0, k = 0, windows = 0;
    double flops = 0, bytes = 0;

    auto operator<=>(const op&) const = default;
};

struct context : meta::context {
    std::map<op, int> listed; ///< and how often it was called

    /// Runs an op on the meta device and notes it.
    void list(op one, auto&& run) {
        const double flops_before = flops, bytes_before = bytes;
        run(static_cast<meta::context&>(*this));
        one.flops = flops - flops_before;
        one.bytes = bytes - bytes_before;
        ++listed[one];
    }
};

// Products.
template <class X, class W, class Bias, class Y> void linear_on(context& ctx, X x, W w, Bias bias, Y y) {
    ctx.list({"linear", x.extent(0), w.extent(0), w.extent(1)}, [&](auto& on) { linear_on(on, x, w, bias, y); });
}
template <class DY, class W, class DX> void linear_grad_input_on(context& ctx, DY dy, W w, DX dx) {
    ctx.list({"linear_grad_input", dy.extent(0), w.extent(1), w.extent(0)},
             [&](auto& on) { linear_grad_input_on(on, dy, w, dx); });
}
/// The CUDA device multiplies by the activation's slope on the way.
template <class Activation, class DY, class W, class Inner, class DInner>
void linear_grad_activated_input_on(context& ctx, Activation, DY dy, W w, Inner inner, DInner dinner) {
    ctx.list({"linear_grad_activated_input", dy.extent(0), w.extent(1), w.extent(0)}, [&](auto& on) {
        linear_grad_input_on(on, dy, w, dinner);
        on.bytes += static_cast<double>(inner.size()) * sizeof(typename Inner::element);
    });
}
template <class X, class DY, class DW, class DBias>
void linear_grad_weight_on(context& ctx, X x, DY dy, DW dw, DBias dbias) {
    ctx.list({"linear_grad_weight", dw.extent(0), dw.extent(1), x.extent(0)},
             [&](auto& on) { linear_grad_weight_on(on, x, dy, dw, dbias); });
}

// Attention.
template <class Shape, class Out> op attention_of(const char* name, Shape, const Out& out) {
    return {name, Shape::tokens, Shape::tokens, Shape::head_dim, out.extent(0) / Shape::tokens * Shape::heads};
}
template <class Shape, class Out> op cross_attention_of(const char* name, Shape, const Out& out) {
    return {name, Shape::per_frame, Shape::per_frame + Shape::text_tokens, Shape::head_dim,
            out.extent(0) / Shape::per_frame * Shape::heads};
}
template <class Shape, class Qkv, class Norm, class Bias, class Images, class Out, class Lse>
void window_attention_on(context& ctx, Shape shape, Qkv qkv, Norm q_norm, Norm k_norm, Bias bias, Images images,
                         Out out, Lse lse) {
    ctx.list(attention_of("window_attention", shape, out),
             [&](auto& on) { window_attention_on(on, shape, qkv, q_norm, k_norm, bias, images, out, lse); });
}
template <class Shape, class Qkv, class Norm, class Bias, class Images, class Out, class... Rest>
void window_attention_grad_on(context& ctx, Shape shape, Qkv qkv, Norm q_norm, Norm k_norm, Bias bias, Images images,
                              Out out, Rest... rest) {
    ctx.list(attention_of("window_attention_grad", shape, out),
             [&](auto& on) { window_attention_grad_on(on, shape, qkv, q_norm, k_norm, bias, images, out, rest...); });
}
template <class Shape, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out, class Lse>
void cross_attention_on(context& ctx, Shape shape, Q q, Kv kv, TextKv text_kv, Rows rows, Valid valid, Norm q_norm,
                        Norm k_norm, Out out, Lse lse) {
    ctx.list(cross_attention_of("cross_attention", shape, out),
             [&](auto& on) { cross_attention_on(on, shape, q, kv, text_kv, rows, valid, q_norm, k_norm, out, lse); });
}
template <class Shape, class Q, class Kv, class TextKv, class Rows, class Valid, class Norm, class Out, class Lse,
          class... Rest>
void cross_attention_grad_on(context& ctx, Shape shape, Q q, Kv kv, TextKv text_kv, Rows rows, Valid valid, Norm q_norm,
                             Norm k_norm, Out out, Lse lse, Rest... rest) {
    ctx.list(cross_attention_of("cross_attention_grad", shape, out), [&](auto& on) {
        cross_attention_grad_on(on, shape, q, kv, text_kv, rows, valid, q_norm, k_norm, out, lse, rest...);
    });
}

// What moves many bytes: its time depends on these alone.
#define WALT_LISTED(name)                                                                                              \
    template <class... Operand> void name##_on(context& ctx, Operand... operand) {                                     \
        ctx.list({#name}, [&](auto& on) { name##_on(on, operand...); });                                               \
    }
WALT_LISTED(modulated_norm)
WALT_LISTED(modulated_norm_grad)
WALT_LISTED(gated_residual)
WALT_LISTED(gated_residual_grad)
WALT_LISTED(convert)
WALT_LISTED(accumulate)
WALT_LISTED(fill)
WALT_LISTED(sum_of_squares)
WALT_LISTED(adamw)
#undef WALT_LISTED
/// GELU, mostly; its type is given by name.
template <class Activation, class... Operand> void activate_on(context& ctx, Activation f, Operand... operand) {
    ctx.list({"activate"}, [&](auto& on) { activate_on(on, f, operand...); });
}

} // namespace walt::benchmarks::listing
