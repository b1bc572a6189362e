// CUDA: channels of one video among another's, an element a thread.
#pragma once

#include "../put_channels.hpp"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {
template <class T, int C, int D> struct put_channel {
    const T* x;
    T* y;
    __device__ void operator()(std::int64_t i) const { y[i / C * D + i % C] = x[i]; }
};
} // namespace detail

template <class T, int C, int D>
void put_channels_on(context& ctx, video_view<const T, C> x, video_view<T, D> y, int first) {
    each(ctx, "ops::put_channels", x.size(), detail::put_channel<T, C, D>{x.data(), y.data() + first});
}

} // namespace walt::cuda
