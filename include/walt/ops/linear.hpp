// Linear maps: y = x w^T + b, and its two gradients. Everything that is a matrix product in the model is one of these.
//   x [R, K]   w [N, K]   b [N]   y [R, N]
#pragma once

#include "pointwise.hpp"
#include "rules.hpp"

namespace walt {

namespace rules {
/// x, w, b and y of a linear map.
template <class X, class W, class Bias, class Y>
inline constexpr bool linear_shapes =
    same_width<X, 1, W, 1>&& same_width<W, 0, Y, 1>&& same_width<Bias, 0, W, 0>&& agree<X, 0, Y, 0>;
} // namespace rules

namespace ops {

template <class... T> void linear_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no linear map (linear_on) for operands of these types");
}
/// y = x w^T + b; pass none{} for no bias. x and w in the compute type, b in the masters', y in either.
template <context Context, class X, class W, class Bias, class Y> void linear(Context& ctx, X x, W w, Bias bias, Y y) {
    if constexpr (rules::linear_shapes<X, W, Bias, Y>) {
        rules::equal_rows(x, y, "ops::linear: the rows of x and of y");
        linear_on(ctx, x.read(), w.read(), bias.read(), y);
    }
}

template <class... T> void linear_grad_input_on(rules::any_context, ...) {
    static_assert(
        rules::device_has<T...>,
        "this device has no input gradient of a linear map (linear_grad_input_on) for operands of these types");
}
/// dx = dy w.
template <context Context, class DY, class W, class DX> void linear_grad_input(Context& ctx, DY dy, W w, DX dx) {
    if constexpr (rules::linear_shapes<DX, W, none, DY>) {
        rules::equal_rows(dy, dx, "ops::linear_grad_input: the rows of dy and of dx");
        linear_grad_input_on(ctx, dy.read(), w.read(), dx);
    }
}

template <class... T> void linear_grad_weight_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no weight gradient of a linear map "
                                           "(linear_grad_weight_on) for operands of these types");
}
template <class... T> void linear_grad_bias_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no bias gradient of a linear map (linear_grad_bias_on) for "
                                           "operands of these types");
}
/// dw += dy^T x, db += sum of the rows of dy; pass none{} for no bias. Either may be unwanted (rules::wanted).
template <context Context, class X, class DY, class DW, class DBias>
void linear_grad_weight(Context& ctx, X x, DY dy, DW dw, DBias dbias) {
    if constexpr (rules::linear_shapes<X, DW, DBias, DY> && rules::linear_shapes<X, none, none, DY>) {
        rules::equal_rows(x, dy, "ops::linear_grad_weight: the rows of x and of dy");
        if (!rules::wanted(ctx, dw, dbias)) return;
        if constexpr (!is_none<DBias>)
            if (!rules::wanted(ctx, dw)) return linear_grad_bias_on(ctx, dy.read(), dbias); // no product
        const arena::scope scope(ctx.arena);
        using A = accumulate_t<typename X::element>;
        const auto dw_ = rules::or_scratch(ctx, dw, view<A, DY::static_extent(1), X::static_extent(1)>());
        const auto db_ = rules::or_scratch(ctx, dbias, dbias);
        linear_grad_weight_on(ctx, x.read(), dy.read(), dw_, db_);
    }
}

/// inner = x w^T + b, y = f(inner), f one of walt::activation. A device may do both at once.
template <class Activation, context Context, class X, class W, class Bias, class Inner, class Y>
void linear_activate(Context& ctx, X x, W w, Bias bias, Inner inner, Y y) {
    if constexpr (rules::linear_shapes<X, W, Bias, Inner> && rules::linear_shapes<X, W, Bias, Y>) {
        rules::equal_rows(x, inner, "ops::linear_activate: the rows of x and of inner");
        rules::equal_rows(x, y, "ops::linear_activate: the rows of x and of y");
        if constexpr (requires { linear_activate_on(ctx, Activation{}, x.read(), w.read(), bias.read(), inner, y); })
            linear_activate_on(ctx, Activation{}, x.read(), w.read(), bias.read(), inner, y);
        else {
            linear(ctx, x, w, bias, inner);
            activate<Activation>(ctx, inner, y);
        }
    }
}

/// dinner = f'(inner) (dy w): the gradient of what went through f into the map with weights w.
template <class Activation, context Context, class DY, class W, class Inner, class DInner>
void linear_grad_activated_input(Context& ctx, DY dy, W w, Inner inner, DInner dinner) {
    if constexpr (rules::linear_shapes<Inner, W, none, DY> && rules::linear_shapes<DInner, W, none, DY>) {
        rules::equal_rows(dy, inner, "ops::linear_grad_activated_input: the rows of dy and of inner");
        rules::equal_rows(dy, dinner, "ops::linear_grad_activated_input: the rows of dy and of dinner");
        if constexpr (requires {
                          linear_grad_activated_input_on(ctx, Activation{}, dy.read(), w.read(), inner.read(), dinner);
                      })
            linear_grad_activated_input_on(ctx, Activation{}, dy.read(), w.read(), inner.read(), dinner);
        else {
            linear_grad_input(ctx, dy, w, dinner);
            activate_grad<Activation>(ctx, inner, dinner, dinner);
        }
    }
}

} // namespace ops
} // namespace walt
