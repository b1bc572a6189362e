// CUDA: the largest element under a window, a thread for each pack of channels of a place.
#pragma once

#include "../max_pool.hpp"
#include "pack_place.cuh"

namespace walt::cuda {

namespace detail {
template <class T, int C> struct max_pool_element {
    static constexpr int P = pack_of_row<C>, packs = C / P;
    video_windows windows;
    const T* x;
    T* y;
    __device__ void operator()(std::int64_t i) const {
        const pack_place<packs> at(i, windows.time.places, windows.height.places, windows.width.places);
        const auto* clip = reinterpret_cast<const pack<T, P>*>(x) +
                           at.clip * windows.time.extent * windows.height.extent * windows.width.extent * packs +
                           at.channel;
        float most[P];
        for (int v = 0; v < P; ++v) most[v] = -INFINITY;
        windows.under(at.t, at.r, at.s, [&](std::int64_t element) {
            const pack<T, P> value = clip[element * packs];
            for (int v = 0; v < P; ++v) {
                const float one = static_cast<float>(value.element[v]);
                most[v] = one <= most[v] || most[v] != most[v] ? most[v] : one;
            }
            return true;
        });
        pack<T, P> to;
        for (int v = 0; v < P; ++v) to.element[v] = static_cast<T>(most[v]);
        reinterpret_cast<pack<T, P>*>(y)[i] = to;
    }
};

template <class T, int C> struct max_pool_grad_element {
    static constexpr int P = pack_of_row<C>, packs = C / P;
    video_windows windows;
    const T *x, *y, *dy;
    T* dx;
    __device__ void operator()(std::int64_t i) const {
        using vector = pack<T, P>;
        const std::int64_t height = windows.height.extent, width = windows.width.extent;
        const pack_place<packs> at(i, windows.time.extent, height, width);
        const std::int64_t mine = (at.t * height + at.r) * width + at.s;
        const auto* clip =
            reinterpret_cast<const vector*>(x) + at.clip * windows.time.extent * height * width * packs + at.channel;
        const vector value = clip[mine * packs];
        float sum[P] = {};
        windows.over(at.t, at.r, at.s, [&](std::int64_t f, std::int64_t row, std::int64_t column) {
            const std::int64_t place =
                (((at.clip * windows.time.places + f) * windows.height.places + row) * windows.width.places + column) *
                    packs +
                at.channel;
            const vector top = reinterpret_cast<const vector*>(y)[place],
                         flow = reinterpret_cast<const vector*>(dy)[place];
            bool taken[P];
            for (int v = 0; v < P; ++v)
                taken[v] = static_cast<float>(value.element[v]) == static_cast<float>(top.element[v]);
            windows.under(f, row, column, [&](std::int64_t element) {
                if (element == mine) return false;
                const vector other = clip[element * packs];
                for (int v = 0; v < P; ++v)
                    taken[v] = taken[v] && static_cast<float>(other.element[v]) != static_cast<float>(top.element[v]);
                return true;
            });
            for (int v = 0; v < P; ++v) sum[v] += taken[v] ? static_cast<float>(flow.element[v]) : 0.0f;
        });
        vector to;
        for (int v = 0; v < P; ++v) to.element[v] = static_cast<T>(sum[v]);
        reinterpret_cast<vector*>(dx)[i] = to;
    }
};
} // namespace detail

template <class T, int C>
void max_pool_on(context& ctx, const conv_geometry& g, video_view<const T, C> x, video_view<T, C> y) {
    each(ctx, "ops::max_pool", y.size() / pack_of_row<C>,
         detail::max_pool_element<T, C>{video_windows(g, size_of(x)), x.data(), y.data()});
}

template <class T, int C>
void max_pool_grad_on(context& ctx, const conv_geometry& g, video_view<const T, C> x, video_view<const T, C> y,
                      video_view<const T, C> dy, video_view<T, C> dx) {
    each(ctx, "ops::max_pool_grad", x.size() / pack_of_row<C>,
         detail::max_pool_grad_element<T, C>{video_windows(g, size_of(x)), x.data(), y.data(), dy.data(), dx.data()});
}

} // namespace walt::cuda
