// The feature networks of ST-LPIPS, the shift-tolerant perceptual similarity (Ghildyal and Liu, ECCV 2022;
// docs/model.md 13). It is another measure than LPIPS: say which one a number is of. scripts/get_stlpips fetches the
// weights.
#pragma once

#include "vgg.hpp"

#include <tuple>

namespace walt {

/// Stages that see pixels as LPIPS's networks do.
template <class Stages> struct lpips_scaled : Stages {
    static constexpr auto shift = vgg16::shift, scale = vgg16::scale;
};

/// AlexNet whose first convolution has stride 1, and whose strides are blurs over reflected edges. With its heads it
/// has 2.47 M parameters: perceptual_network<st_alexnet>, stlpips_alex.safetensors. Frames are at least 21 pixels a
/// side; smaller ones are refused.
using st_alexnet = lpips_scaled<
    nn::feature_stages<nn::feature_stage<nn::pixel_conv<3, 64, 11, 2, false>, nn::frame_blur<64>, nn::frame_relu<64>>,
                       nn::feature_stage<nn::frame_max_pool<64, 3, 1>, nn::frame_blur<64>, nn::frame_conv<64, 192, 5>>,
                       nn::feature_stage<nn::frame_max_pool<192, 3, 1>, nn::frame_blur<192>, nn::frame_conv<192, 384>>,
                       nn::feature_stage<nn::frame_conv<384, 256>>, nn::feature_stage<nn::frame_conv<256, 256>>>>;

/// VGG16 with blurs in place of the strides; 14.72 M parameters: perceptual_network<vgg<st_vgg16>>,
/// stlpips_vgg.safetensors.
struct st_vgg16 : vgg16 {
    template <int C> using between = std::tuple<nn::frame_max_pool<C, 2, 1>, nn::frame_blur<C>>;
};

} // namespace walt
