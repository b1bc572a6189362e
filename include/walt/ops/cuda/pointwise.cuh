// CUDA: maps over elements, four at a time.
#pragma once

#include "../pointwise.hpp"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {
template <class T> struct convert_element {
    template <class X> __device__ T operator()(X x) const { return static_cast<T>(static_cast<accumulate_t<T>>(x)); }
};
template <class Activation, class T> struct activate_element {
    __device__ T operator()(float x) const { return static_cast<T>(Activation::value(x)); }
};
template <class Activation, class T> struct activate_grad_element {
    __device__ T operator()(float x, float dy) const { return static_cast<T>(Activation::slope(x) * dy); }
};
template <class T> struct add_elements {
    __device__ T operator()(float x, float y) const { return static_cast<T>(x + y); }
};
template <class T> struct blend_elements {
    float a, b;
    __device__ T operator()(float x) const { return static_cast<T>(a * x); }
    __device__ T operator()(float x, float y) const { return static_cast<T>(a * x + b * y); }
};
template <class T> struct constant_element {
    T value;
    __device__ T operator()() const { return value; }
};
} // namespace detail

template <class X, class Y> void convert_on(context& ctx, X x, Y y) {
    map(ctx, "ops::convert", y.size(), detail::convert_element<typename Y::element>{}, y.data(), x.data());
}

template <class Activation, class X, class Y> void activate_on(context& ctx, Activation, X x, Y y) {
    map(ctx, "ops::activate", y.size(), detail::activate_element<Activation, typename Y::element>{}, y.data(),
        x.data());
}

template <class Activation, class X, class DY, class DX>
void activate_grad_on(context& ctx, Activation, X x, DY dy, DX dx) {
    map(ctx, "ops::activate_grad", dx.size(), detail::activate_grad_element<Activation, typename DX::element>{},
        dx.data(), x.data(), dy.data());
}

template <class X, class Y> void accumulate_on(context& ctx, X x, Y y) {
    map(ctx, "ops::accumulate", y.size(), detail::add_elements<typename Y::element>{}, y.data(), x.data(),
        y.read().data());
}

template <class X, class Y, class Z> void add_on(context& ctx, X x, Y y, Z z) {
    map(ctx, "ops::add", z.size(), detail::add_elements<typename Z::element>{}, z.data(), x.data(), y.data());
}

template <class X, class Y, class Z> void blend_on(context& ctx, double a, X x, double b, Y y, Z z) {
    const detail::blend_elements<typename Z::element> blend{static_cast<float>(a), static_cast<float>(b)};
    if constexpr (is_none<Y>) map(ctx, "ops::blend", z.size(), blend, z.data(), x.data());
    else map(ctx, "ops::blend", z.size(), blend, z.data(), x.data(), y.data());
}

template <class Y> void fill_on(context& ctx, Y y, double value) {
    using T = typename Y::element;
    map(ctx, "ops::fill", y.size(), detail::constant_element<T>{static_cast<T>(static_cast<accumulate_t<T>>(value))},
        y.data());
}

} // namespace walt::cuda
