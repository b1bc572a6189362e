// Reference: the layer norm of one head's query or key (docs/model.md 1.5: mean-centred, with a weight, no bias).
#pragma once

#include "modulated_norm.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

/// y = LN(x) weight over dh entries, or x itself where there is no norm.
template <int Dh, class T, class Norm, class A> void head_norm(const T* x, const Norm& weight, A* y) {
    if constexpr (is_none<Norm>) {
        for (int d = 0; d < Dh; ++d) y[d] = static_cast<A>(x[d]);
    } else {
        const auto [mean, rstd] = moments<A>::of(x, Dh, ops::norm_epsilon);
        for (int d = 0; d < Dh; ++d) y[d] = (static_cast<A>(x[d]) - mean) * rstd * weight(d);
    }
}

/// dx is assigned, dweight added to.
template <int Dh, class T, class Norm, class A, class DNorm>
void head_norm_grad(const T* x, const Norm& weight, const A* dy, T* dx, DNorm dweight) {
    if constexpr (is_none<Norm>) {
        for (int d = 0; d < Dh; ++d) dx[d] = static_cast<T>(dy[d]);
    } else {
        const auto [mean, rstd] = moments<A>::of(x, Dh, ops::norm_epsilon);
        A sum = 0, projection = 0;
        for (int d = 0; d < Dh; ++d) {
            const A normal = (static_cast<A>(x[d]) - mean) * rstd, g = dy[d] * weight(d);
            dweight(d) += dy[d] * normal;
            sum += g;
            projection += g * normal;
        }
        for (int d = 0; d < Dh; ++d) {
            const A normal = (static_cast<A>(x[d]) - mean) * rstd;
            dx[d] = static_cast<T>(rstd * (dy[d] * weight(d) - sum / A(Dh) - normal * (projection / A(Dh))));
        }
    }
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
