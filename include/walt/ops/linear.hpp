// Linear maps: y = x w^T + b, and its two gradients. Everything that is a matrix product in the model is one of these.
//   x [R, K]   w [N, K]   b [N]   y [R, N]
#pragma once

#include "pointwise.hpp"
#include "rules.hpp"

namespace walt::ops {

/// y = x w^T + b; pass none{} for no bias. x and w in the compute type, b in the masters', y in either.
template <class Context, class X, class W, class Bias, class Y> void linear(Context& ctx, X x, W w, Bias bias, Y y) {
    if constexpr (rules::agree<X, 1, W, 1> && rules::agree<W, 0, Y, 1> && rules::agree<X, 0, Y, 0>) {
        rules::equal(x.extent(0), y.extent(0), "ops::linear: the rows of x and of y");
        linear_on(ctx, x.read(), w.read(), bias.read(), y);
    }
}

/// dx = dy w.
template <class Context, class DY, class W, class DX> void linear_grad_input(Context& ctx, DY dy, W w, DX dx) {
    if constexpr (rules::agree<DY, 1, W, 0> && rules::agree<W, 1, DX, 1> && rules::agree<DY, 0, DX, 0>) {
        rules::equal(dy.extent(0), dx.extent(0), "ops::linear_grad_input: the rows of dy and of dx");
        linear_grad_input_on(ctx, dy.read(), w.read(), dx);
    }
}

/// dw += dy^T x, db += sum of the rows of dy; pass none{} for no bias.
template <class Context, class X, class DY, class DW, class DBias>
void linear_grad_weight(Context& ctx, X x, DY dy, DW dw, DBias dbias) {
    if constexpr (rules::agree<DY, 1, DW, 0> && rules::agree<X, 1, DW, 1> && rules::agree<X, 0, DY, 0>) {
        rules::equal(x.extent(0), dy.extent(0), "ops::linear_grad_weight: the rows of x and of dy");
        linear_grad_weight_on(ctx, x.read(), dy.read(), dw, dbias);
    }
}

/// inner = x w^T + b, y = f(inner), f one of walt::activation. A device may do both at once.
template <class Activation, class Context, class X, class W, class Bias, class Inner, class Y>
void linear_activate(Context& ctx, X x, W w, Bias bias, Inner inner, Y y) {
    rules::equal(inner.size(), y.size(), "ops::linear_activate: the sizes of inner and of y");
    if constexpr (requires { linear_activate_on(ctx, Activation{}, x.read(), w.read(), bias.read(), inner, y); })
        linear_activate_on(ctx, Activation{}, x.read(), w.read(), bias.read(), inner, y);
    else {
        linear(ctx, x, w, bias, inner);
        activate<Activation>(ctx, inner, y);
    }
}

/// dinner = f'(inner) (dy w): the gradient of what went through f into the map with weights w.
template <class Activation, class Context, class DY, class W, class Inner, class DInner>
void linear_grad_activated_input(Context& ctx, DY dy, W w, Inner inner, DInner dinner) {
    rules::equal(inner.size(), dinner.size(), "ops::linear_grad_activated_input: the sizes of inner and of dinner");
    if constexpr (requires {
                      linear_grad_activated_input_on(ctx, Activation{}, dy.read(), w.read(), inner.read(), dinner);
                  })
        linear_grad_activated_input_on(ctx, Activation{}, dy.read(), w.read(), inner.read(), dinner);
    else {
        linear_grad_input(ctx, dy, w, dinner);
        activate_grad<Activation>(ctx, inner, dinner, dinner);
    }
}

} // namespace walt::ops
