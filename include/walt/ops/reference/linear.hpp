// Reference: linear maps as three loops.
#pragma once

#include "../linear.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class T, int R, int K, int N, class W, class Bias, class U>
void linear_on(context&, view<const T, R, K> x, W w, Bias bias, view<U, R, N> y) {
    using A = accumulate_t<T>;
    for (std::int64_t r = 0; r < x.extent(0); ++r)
        for (int n = 0; n < N; ++n) {
            A sum = 0;
            for (int k = 0; k < K; ++k) sum += static_cast<A>(x(r, k)) * static_cast<A>(w(n, k));
            if constexpr (!is_none<Bias>) sum += static_cast<A>(bias(n));
            y(r, n) = static_cast<U>(sum);
        }
}

template <class T, int R, int K, int N, class W, class U>
void linear_grad_input_on(context&, view<const T, R, N> dy, W w, view<U, R, K> dx) {
    using A = accumulate_t<T>;
    for (std::int64_t r = 0; r < dy.extent(0); ++r)
        for (int k = 0; k < K; ++k) {
            A sum = 0;
            for (int n = 0; n < N; ++n) sum += static_cast<A>(dy(r, n)) * static_cast<A>(w(n, k));
            dx(r, k) = static_cast<U>(sum);
        }
}

template <class T, int R, int N, class DBias> void linear_grad_bias_on(context&, view<const T, R, N> dy, DBias dbias) {
    for (int n = 0; n < N; ++n) {
        accumulate_t<T> sum = 0;
        for (std::int64_t r = 0; r < dy.extent(0); ++r) sum += static_cast<accumulate_t<T>>(dy(r, n));
        dbias(n) += sum;
    }
}

template <class T, int R, int K, int N, class A, class DBias>
void linear_grad_weight_on(context& ctx, view<const T, R, K> x, view<const T, R, N> dy, view<A, N, K> dw, DBias dbias) {
    for (int n = 0; n < N; ++n)
        for (int k = 0; k < K; ++k) {
            A sum = 0;
            for (std::int64_t r = 0; r < x.extent(0); ++r) sum += static_cast<A>(dy(r, n)) * static_cast<A>(x(r, k));
            dw(n, k) += sum;
        }
    if constexpr (!is_none<DBias>) linear_grad_bias_on(ctx, dy, dbias);
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
