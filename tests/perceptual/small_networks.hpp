// Feature networks of each form in small.
#pragma once

#include <walt/perceptual/st_lpips.hpp>

namespace small_networks {
using namespace walt;

struct small : vgg16 {
    static constexpr std::array widths{4, 6, 5}, convolutions{2, 1, 2};
};
struct shift_tolerant : small {
    template <int C> using between = st_vgg16::between<C>;
};
/// The first two stages of st_alexnet in small.
struct alex
    : nn::feature_stages<nn::feature_stage<nn::pixel_conv<3, 4, 5, 2, false>, nn::frame_blur<4>, nn::frame_relu<4>>,
                         nn::feature_stage<nn::frame_max_pool<4, 3, 1>, nn::frame_blur<4>, nn::frame_conv<4, 5, 5>>> {
    static constexpr auto shift = vgg16::shift, scale = vgg16::scale;
};

} // namespace small_networks
