// What a network must offer for the perceptual distance: taps of single frames, frozen (docs/model.md 13).
#pragma once

#include "../core/activations.hpp"
#include "../core/context.hpp"
#include "../core/video.hpp"
#include "../core/weights.hpp"

#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

namespace walt {

namespace detail {
/// A context to ask about: a network's passes take any.
struct any_device {
    static constexpr bool has_data = false;
    static constexpr std::string_view name = "any";
    walt::arena& arena;
    memory allocate(std::size_t bytes);
    void upload(void* to, const void* from, std::size_t bytes);
    void download(void* to, const void* from, std::size_t bytes);
};
static_assert(context<any_device>);
template <class N, class = std::make_index_sequence<N::tap_channels.size()>> struct tap_views;
template <class N, std::size_t... i> struct tap_views<N, std::index_sequence<i...>> {
    using type = std::tuple<video_view<float, N::tap_channels[i]>...>;
};
template <class N> using tap_gradients = typename tap_views<N>::type;
} // namespace detail

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
concept feature_network = is_module<N> && requires {
    { N::pixel_channels } -> std::convertible_to<int>;
    { N::tap_channels.size() } -> std::convertible_to<std::size_t>;
    { N::shift[0] } -> std::convertible_to<double>;
    { N::scale[0] } -> std::convertible_to<double>;
} && requires(const N& net, detail::any_device& ctx, const weights<float>& w,
              const video_view<float, N::pixel_channels>& x, const typename N::template saved<float>& keep,
              const detail::tap_gradients<N>& dtaps) {
    requires std::constructible_from<typename N::template saved<float>, arena&, video_size, activations>;
    keep.template tap<N::tap_channels.size() - 1>();
    net.forward(ctx, w, x, keep);
    net.backward(ctx, w, x, keep, dtaps, x);
};

} // namespace walt
