// The demo's models: small enough to train on two CPU cores.
#pragma once

#include "../tokenizer/config.hpp"
#include "denoiser.hpp"

#include <array>

namespace walt::presets {

/// 17 x 48 x 48 pixels to 5 x 6 x 6 latents of 8 channels. Small norm groups: with one or two channels a group every
/// norm would erase the colour (docs/model.md 3).
struct demo_tokenizer : tokenizer_config {
    static constexpr int channels = 16, blocks = 1, latent = 8, norm_groups = 4;
    static constexpr std::array<int, 4> multipliers{1, 2, 4, 4};
    static constexpr std::array<int, 3> time_strides{1, 2, 2};
};

/// The denoiser of those latents: 180 tokens, text of 8 words.
struct demo : denoiser_config {
    static constexpr int frames = 5, height = 6, width = 6, channels = 8;
    static constexpr int hidden = 256, heads = 4, depth = 5, adaln_rank = 16;
    static constexpr int text_dim = 64, text_tokens = 8;
    static constexpr window spatiotemporal_window{5, 6, 6};
};
/// The same with known frames as an input: from a picture, from frames that were made before, to a frame.
struct demo_frames : demo {
    static constexpr bool frame_prediction = true;
};

} // namespace walt::presets
