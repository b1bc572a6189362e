// CUDA: the mean under a window, a thread for each pack of channels of a place.
#pragma once

#include "../average_pool.hpp"
#include "pack_place.cuh"

namespace walt::cuda {

namespace detail {
template <class T, int C> struct average_pool_element {
    static constexpr int P = pack_of_row<C>, packs = C / P;
    video_windows windows;
    const T* x;
    T* y;
    __device__ void operator()(std::int64_t i) const {
        const pack_place<packs> at(i, windows.time.places, windows.height.places, windows.width.places);
        const auto* clip = reinterpret_cast<const pack<T, P>*>(x) +
                           at.clip * windows.time.extent * windows.height.extent * windows.width.extent * packs +
                           at.channel;
        float sum[P] = {};
        std::int64_t count = 0;
        windows.under(at.t, at.r, at.s, [&](std::int64_t element) {
            const pack<T, P> value = clip[element * packs];
            for (int v = 0; v < P; ++v) sum[v] += static_cast<float>(value.element[v]);
            ++count;
            return true;
        });
        pack<T, P> to;
        for (int v = 0; v < P; ++v) to.element[v] = static_cast<T>(sum[v] / static_cast<float>(count));
        reinterpret_cast<pack<T, P>*>(y)[i] = to;
    }
};
} // namespace detail

template <class T, int C>
void average_pool_on(context& ctx, const conv_geometry& g, video_view<const T, C> x, video_view<T, C> y) {
    each(ctx, "ops::average_pool", y.size() / pack_of_row<C>,
         detail::average_pool_element<T, C>{video_windows(g, size_of(x)), x.data(), y.data()});
}

} // namespace walt::cuda
