// The feature network of VGG's form (docs/model.md 13): 3 x 3 convolutions, halved between stages, a tap behind each
// stage.
#pragma once

#include "feature_network.hpp"
#include "feature_stages.hpp"

#include <array>
#include <tuple>

namespace walt {

/// VGG16 up to its last convolution, as LPIPS looks at it. Config of a vgg: derive and change what differs. Its number
/// of stages may be any up to ten.
struct vgg16 {
    static constexpr std::array widths{64, 128, 256, 512, 512}; ///< channels of each stage
    static constexpr std::array convolutions{2, 2, 3, 3, 3};    ///< of each stage
    static constexpr std::array shift{-.030f, -.088f, -.188f};  ///< LPIPS's, of pixels in [-1, 1]
    static constexpr std::array scale{.458f, .448f, .450f};     ///< the network sees (pixel - shift) / scale
    template <int C> using between = std::tuple<nn::frame_max_pool<C, 2, 2>>; ///< what halves, between stages
};

namespace detail {
template <std::size_t, class Part> using nth = Part;
template <class Config, std::size_t s> struct vgg_stage {
    static constexpr int in = [] {
        if constexpr (s == 0) return static_cast<int>(Config::shift.size());
        else return Config::widths[s - 1];
    }();
    static constexpr int out = Config::widths[s];
    using first = std::conditional_t<s == 0, nn::pixel_conv<in, out>, nn::frame_conv<in, out>>;
    template <class... Before, std::size_t... later>
    static nn::feature_stage<Before..., first, nth<later, nn::frame_conv<out, out>>...>
        stage(std::tuple<Before...>, std::index_sequence<later...>);
    static auto of() {
        constexpr std::make_index_sequence<Config::convolutions[s] - 1> later;
        if constexpr (s == 0) return stage(std::tuple<>(), later);
        else return stage(typename Config::template between<in>(), later);
    }
    using type = decltype(of());
};
template <class Config, std::size_t... s>
nn::feature_stages<typename vgg_stage<Config, s>::type...> vgg_stages(std::index_sequence<s...>);
} // namespace detail

/// features.s.j.weight and bias are convolution j of stage s, kernels [out, in, 3, 3]. Frames are
/// at least 2^(stages - 1) pixels a side; smaller ones are refused.
template <class Config>
struct vgg : decltype(detail::vgg_stages<Config>(std::make_index_sequence<Config::widths.size()>())) {
    static_assert(Config::widths.size() == Config::convolutions.size(),
                  "a vgg has a width and a number of convolutions for each stage");
    static constexpr auto shift = Config::shift, scale = Config::scale;
};

} // namespace walt
