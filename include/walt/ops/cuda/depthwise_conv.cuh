// CUDA: convolution of each channel by its own kernel, an element of the result a thread.
#pragma once

#include "../depthwise_conv.hpp"
#include "pack_place.cuh"

namespace walt::cuda {

namespace detail {
template <class T, int C> struct depthwise_element {
    video_taps windows;
    std::int64_t taps;
    const T *x, *w;
    const float* bias;
    T* y;
    __device__ void operator()(std::int64_t i) const {
        const pack_place<C> at(i, windows.time.places, windows.height.places, windows.width.places);
        const T* clip =
            x + at.clip * windows.time.extent * windows.height.extent * windows.width.extent * C + at.channel;
        const T* kernel = w + at.channel * taps;
        float sum = bias[at.channel];
        windows.under(at.t, at.r, at.s, [&](std::int64_t element, std::int64_t tap) {
            sum += static_cast<float>(kernel[tap]) * static_cast<float>(clip[element * C]);
        });
        y[i] = static_cast<T>(sum);
    }
};
} // namespace detail

template <class T, int C, class W, class Bias>
void depthwise_conv_on(context& ctx, const conv_geometry& g, video_view<const T, C> x, W w, Bias bias,
                       video_view<T, C> y) {
    each(ctx, "ops::depthwise_conv", y.size(),
         detail::depthwise_element<T, C>{video_taps(g, size_of(x)), w.size() / C, x.data(), w.data(), bias.data(),
                                         y.data()});
}

} // namespace walt::cuda
