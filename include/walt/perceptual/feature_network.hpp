// What a network must offer for the perceptual distance: taps of single frames, frozen (docs/model.md 13).
#pragma once

#include "../core/parameters.hpp"

#include <concepts>
#include <cstddef>

namespace walt {

/// A module that looks at each frame alone and whose weights nobody trains. It has
/// - `pixel_channels`, and `shift` and `scale` of each: it sees (pixel - shift) / scale of pixels in [-1, 1];
/// - `tap_channels`, an array of the channels C_i of each tap;
/// - `saved<T>(arena, size, activations)` with `tap<i>()`, a video_view<T, C_i>: in inference the taps are all that is
///   kept, and activations::input_gradient keeps what backward needs;
/// - `forward(ctx, w, x, keep)` with x a video_view<A, pixel_channels> in float32 (double for double), and
/// - `backward(ctx, w, x, keep, dtaps, dx)`: dtaps, a tuple of a gradient for each tap, is used up, and dx, of x's
/// type, is
///   assigned.
/// feature_stages (feature_stages.hpp) makes one of layers.
template <class N>
concept feature_network = is_module<N> && requires(const typename N::template saved<float>& keep) {
    { N::pixel_channels } -> std::convertible_to<int>;
    { N::tap_channels.size() } -> std::convertible_to<std::size_t>;
    { N::shift[0] } -> std::convertible_to<double>;
    { N::scale[0] } -> std::convertible_to<double>;
    keep.template tap<0>();
};

} // namespace walt
