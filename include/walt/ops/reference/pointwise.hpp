// Reference: maps over elements.
#pragma once

#include "../pointwise.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class X, class Y> void convert_on(context&, X x, Y y) {
    for (std::int64_t i = 0; i < x.size(); ++i)
        y.data()[i] = static_cast<typename Y::element>(static_cast<accumulate_t<typename Y::element>>(x.data()[i]));
}

template <class Activation, class X, class Y> void activate_on(context&, Activation, X x, Y y) {
    using A = accumulate_t<typename X::element>;
    for (std::int64_t i = 0; i < x.size(); ++i)
        y.data()[i] = static_cast<typename Y::element>(Activation::value(static_cast<A>(x.data()[i])));
}

template <class Activation, class X, class DY, class DX>
void activate_grad_on(context&, Activation, X x, DY dy, DX dx) {
    using A = accumulate_t<typename X::element>;
    for (std::int64_t i = 0; i < x.size(); ++i)
        dx.data()[i] = static_cast<typename DX::element>(Activation::slope(static_cast<A>(x.data()[i])) *
                                                         static_cast<A>(dy.data()[i]));
}

template <class X, class Y> void accumulate_on(context&, X x, Y y) {
    using A = accumulate_t<typename Y::element>;
    for (std::int64_t i = 0; i < x.size(); ++i)
        y.data()[i] = static_cast<typename Y::element>(static_cast<A>(y.data()[i]) + static_cast<A>(x.data()[i]));
}

template <class X, class Y, class Z> void add_on(context&, X x, Y y, Z z) {
    using A = accumulate_t<typename Z::element>;
    for (std::int64_t i = 0; i < x.size(); ++i)
        z.data()[i] = static_cast<typename Z::element>(static_cast<A>(x.data()[i]) + static_cast<A>(y.data()[i]));
}

template <class X, class Y, class Z> void blend_on(context&, double a, X x, double b, Y y, Z z) {
    using A = accumulate_t<typename Z::element>;
    const A left = static_cast<A>(a), right = static_cast<A>(b);
    for (std::int64_t i = 0; i < x.size(); ++i) {
        A sum = left * static_cast<A>(x.data()[i]);
        if constexpr (!is_none<Y>) sum += right * static_cast<A>(y.data()[i]);
        z.data()[i] = static_cast<typename Z::element>(sum);
    }
}

template <class Y> void fill_on(context&, Y y, double value) {
    using T = typename Y::element;
    for (std::int64_t i = 0; i < y.size(); ++i) y.data()[i] = static_cast<T>(static_cast<accumulate_t<T>>(value));
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
