// Maps over elements: conversion, activations and their gradients, sums. Operands have one size; shapes do not matter.
#pragma once

#include "rules.hpp"

#include <cmath>

namespace walt {

/// The activations of the model, with their derivatives (docs/model.md, conventions). Computed in A = float or double.
namespace activation {

/// No activation.
struct identity {
    template <class A> WALT_HD static A value(A x) { return x; }
    template <class A> WALT_HD static A slope(A) { return A(1); }
};
/// What is not a number stays so. Its slope may be asked for by its value as well as by x.
struct relu {
    template <class A> WALT_HD static A value(A x) { return x <= A(0) ? A(0) : x; }
    template <class A> WALT_HD static A slope(A x) { return x > A(0) ? A(1) : A(0); }
};
struct silu {
    template <class A> WALT_HD static A value(A x) { return x / (A(1) + std::exp(-x)); }
    template <class A> WALT_HD static A slope(A x) {
        const A s = A(1) / (A(1) + std::exp(-x));
        return s * (A(1) + x * (A(1) - s));
    }
};

/// The tanh form: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), written with a sigmoid, which is the same function.
struct gelu {
    template <class A> WALT_HD static A gate(A x) {
        const A u = A(1.5957691216057308) * (x + A(0.044715) * x * x * x); // 2 sqrt(2/pi) (...)
        return A(1) / (A(1) + std::exp(-u));
    }
    template <class A> WALT_HD static A value(A x) { return x * gate(x); }
    template <class A> WALT_HD static A slope(A x) {
        const A s = gate(x);
        return s + x * s * (A(1) - s) * A(1.5957691216057308) * (A(1) + A(0.134145) * x * x);
    }
};

/// x where it is positive, 0.2 x elsewhere (docs/model.md 11). The result has x's sign, so slope(value(x)) is slope(x):
/// a pass that has kept the result needs no x.
struct leaky_relu {
    template <class A> WALT_HD static A value(A x) { return x > A(0) ? x : A(0.2) * x; }
    template <class A> WALT_HD static A slope(A x) { return x > A(0) ? A(1) : A(0.2); }
};

} // namespace activation

namespace ops {

template <class... T> void convert_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no conversion (convert_on) between elements of these types");
}
/// y = x in y's element type.
template <context Context, class X, class Y> void convert(Context& ctx, X x, Y y) {
    rules::equal_sizes(x, y, "ops::convert: the sizes of x and of y");
    convert_on(ctx, x.read(), y);
}

template <class... T> void activate_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device does not have this activation (activate_on) for operands of these types");
}
/// y = f(x), f one of walt::activation. y may be x.
template <class Activation, context Context, class X, class Y> void activate(Context& ctx, X x, Y y) {
    rules::equal_sizes(x, y, "ops::activate: the sizes of x and of y");
    activate_on(ctx, Activation{}, x.read(), y);
}

template <class... T> void activate_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device does not have the gradient of this activation "
                                           "(activate_grad_on) for operands of these types");
}
/// dx = f'(x) dy. dx may be dy.
template <class Activation, context Context, class X, class DY, class DX>
void activate_grad(Context& ctx, X x, DY dy, DX dx) {
    rules::equal_sizes(x, dy, "ops::activate_grad: the sizes of x and of dy");
    rules::equal_sizes(x, dx, "ops::activate_grad: the sizes of x and of dx");
    activate_grad_on(ctx, Activation{}, x.read(), dy.read(), dx);
}

template <class... T> void accumulate_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no y += x (accumulate_on) for operands of these types");
}
/// y += x.
template <context Context, class X, class Y> void accumulate(Context& ctx, X x, Y y) {
    rules::equal_sizes(x, y, "ops::accumulate: the sizes of x and of y");
    accumulate_on(ctx, x.read(), y);
}

template <class... T> void add_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no z = x + y (add_on) for operands of these types");
}
/// z = x + y.
template <context Context, class X, class Y, class Z> void add(Context& ctx, X x, Y y, Z z) {
    rules::equal_sizes(x, y, "ops::add: the sizes of x and of y");
    rules::equal_sizes(x, z, "ops::add: the sizes of x and of z");
    add_on(ctx, x.read(), y.read(), z);
}

template <class... T> void blend_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no z = a x + b y (blend_on) for operands of these types");
}
/// z = a x + b y, a and b of the host; pass none{} as y for z = a x. z may be x or y.
template <context Context, class X, class Y, class Z> void blend(Context& ctx, double a, X x, double b, Y y, Z z) {
    rules::equal_sizes(x, y, "ops::blend: the sizes of x and of y");
    rules::equal_sizes(x, z, "ops::blend: the sizes of x and of z");
    blend_on(ctx, a, x.read(), b, y.read(), z);
}

template <class... T> void fill_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device cannot fill (fill_on) an operand of this type");
}
/// y = value everywhere.
template <context Context, class Y> void fill(Context& ctx, Y y, double value) { fill_on(ctx, y, value); }

} // namespace ops
} // namespace walt
