// Reference: layer norm with adaptive scale and shift, gated residual.
#pragma once

#include "../modulated_norm.hpp"
#include "context.hpp"

#include <algorithm>
#include <cmath>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

/// Mean and 1 / standard deviation of `count` numbers.
template <class A> struct moments {
    A mean, rstd;
    template <class T> static moments of(const T* x, std::int64_t count, double epsilon) {
        A sum = 0, squares = 0;
        for (std::int64_t i = 0; i < count; ++i) sum += static_cast<A>(x[i]);
        const A mean = sum / static_cast<A>(count);
        for (std::int64_t i = 0; i < count; ++i)
            squares += (static_cast<A>(x[i]) - mean) * (static_cast<A>(x[i]) - mean);
        return {mean, A(1) / std::sqrt(squares / static_cast<A>(count) + static_cast<A>(epsilon))};
    }
};

template <class A, int R, int D, int M, class T>
void modulated_norm_on(context&, view<const A, R, D> h, view<const A, R, M> modulation, int chunk, view<T, R, D> y) {
    const std::int64_t per_frame = h.extent(0) / std::max<std::int64_t>(1, modulation.extent(0));
    for (std::int64_t r = 0; r < h.extent(0); ++r) {
        const auto [mean, rstd] = moments<A>::of(h.data() + r * D, D, ops::norm_epsilon);
        const A* shift = modulation.data() + r / per_frame * M + chunk * D;
        const A* scale = shift + D;
        for (int d = 0; d < D; ++d) y(r, d) = static_cast<T>((h(r, d) - mean) * rstd * (A(1) + scale[d]) + shift[d]);
    }
}

template <class A, int R, int D, int M, class T>
void modulated_norm_grad_on(context&, view<const A, R, D> h, view<const A, R, M> modulation, int chunk,
                            view<const T, R, D> dy, view<A, R, D> dh, view<A, R, M> dmodulation) {
    const std::int64_t frames = modulation.extent(0), per_frame = h.extent(0) / std::max<std::int64_t>(1, frames);
    for (std::int64_t f = 0; f < frames; ++f) {
        const A* scale = modulation.data() + f * M + (chunk + 1) * D;
        A* dshift = dmodulation.data() + f * M + chunk * D;
        A* dscale = dshift + D;
        for (int d = 0; d < D; ++d) dshift[d] = dscale[d] = 0;
        for (std::int64_t r = f * per_frame; r < (f + 1) * per_frame; ++r) {
            const auto [mean, rstd] = moments<A>::of(h.data() + r * D, D, ops::norm_epsilon);
            A sum = 0, projection = 0; // of the gradient of the normalised row, on ones and on the row itself
            for (int d = 0; d < D; ++d) {
                const A normal = (h(r, d) - mean) * rstd, g = static_cast<A>(dy(r, d));
                dshift[d] += g;
                dscale[d] += g * normal;
                sum += g * (A(1) + scale[d]);
                projection += g * (A(1) + scale[d]) * normal;
            }
            for (int d = 0; d < D; ++d) {
                const A normal = (h(r, d) - mean) * rstd, g = static_cast<A>(dy(r, d)) * (A(1) + scale[d]);
                dh(r, d) += rstd * (g - sum / A(D) - normal * (projection / A(D)));
            }
        }
    }
}

template <class A, int R, int D, int M, class T>
void gated_residual_on(context&, view<const A, R, D> h, view<const A, R, M> modulation, int chunk,
                       view<const T, R, D> y, view<A, R, D> h_next) {
    const std::int64_t per_frame = h.extent(0) / std::max<std::int64_t>(1, modulation.extent(0));
    for (std::int64_t r = 0; r < h.extent(0); ++r) {
        const A* gate = modulation.data() + r / per_frame * M + chunk * D;
        for (int d = 0; d < D; ++d) h_next(r, d) = h(r, d) + gate[d] * static_cast<A>(y(r, d));
    }
}

template <class A, int R, int D, int M, class T>
void gated_residual_grad_on(context&, view<const A, R, D> dh, view<const A, R, M> modulation, int chunk,
                            view<const T, R, D> y, view<T, R, D> dy, view<A, R, M> dmodulation) {
    const std::int64_t frames = modulation.extent(0), per_frame = dh.extent(0) / std::max<std::int64_t>(1, frames);
    for (std::int64_t f = 0; f < frames; ++f) {
        const A* gate = modulation.data() + f * M + chunk * D;
        A* dgate = dmodulation.data() + f * M + chunk * D;
        for (int d = 0; d < D; ++d) dgate[d] = 0;
        for (std::int64_t r = f * per_frame; r < (f + 1) * per_frame; ++r)
            for (int d = 0; d < D; ++d) {
                dgate[d] += dh(r, d) * static_cast<A>(y(r, d));
                dy(r, d) = static_cast<T>(gate[d] * dh(r, d));
            }
    }
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
