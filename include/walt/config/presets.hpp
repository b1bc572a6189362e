// The paper's denoisers (Table 8; docs/model.md 4). Every count is held by a static_assert in the tests.
#pragma once

#include "cascade.hpp"
#include "denoiser.hpp"

namespace walt::presets {

/// W.A.L.T-L on UCF-101: 24 x 1024, 16 heads.
struct walt_l : denoiser_config {
    static constexpr int classes = 101;
};
/// W.A.L.T-L with a separate AdaLN in every layer (paper Table 4).
struct walt_l_separate : walt_l {
    static constexpr int adaln_rank = 0;
};
/// W.A.L.T-XL on UCF-101: 28 x 1152.
struct walt_xl : walt_l {
    static constexpr int hidden = 1152, depth = 28;
};
/// W.A.L.T-L on ImageNet 256 x 256: a latent of one frame.
struct imagenet_l : denoiser_config {
    static constexpr int frames = 1, height = 32, width = 32, classes = 1000, adaln_rank = 0;
};
/// W.A.L.T-L on Kinetics-600: two known latent frames, three to predict; no labels.
struct kinetics_l : denoiser_config {
    static constexpr bool frame_prediction = true;
};

/// What the text-to-video models share: embeddings of T5-XL.
struct text_to_video : denoiser_config {
    static constexpr int text_dim = 2048, text_tokens = 64;
};
/// Text to video 24 x 1024 at 17 x 128 x 224 (419 M).
struct text_to_video_l : text_to_video {
    static constexpr int height = 16, width = 28;
    static constexpr window spatiotemporal_window{5, 8, 14};
};
/// The cascade's base: 52 x 1792, 17 x 128 x 128 (3 B).
struct cascade_base : text_to_video {
    static constexpr int hidden = 1792, depth = 52, mlp_hidden = 9216;
};
/// The base after its fine-tuning to 9:16, 17 x 128 x 224 (paper Table 6).
struct cascade_base_wide : cascade_base {
    static constexpr int height = 16, width = 28;
    static constexpr window spatiotemporal_window{5, 8, 14};
};
/// The cascade's second stage: 40 x 1408, 17 x 256 x 448 (1.3 B). Its windows of 8 x 14 are latent pixels, which are
/// 4 x 7 tokens of patch 2: with 8 x 14 tokens the relative-bias tables would make it 1302.6 M, not docs/model.md's
/// 1301.7.
struct cascade_256x448 : text_to_video {
    static constexpr int hidden = 1408, depth = 40, height = 32, width = 56, patch = 2;
    static constexpr bool super_resolution = true;
    static constexpr window spatiotemporal_window{5, 4, 7};
};
/// The cascade's third stage: 24 x 1024, 17 x 512 x 896 (419 M in the paper; 421.8 M here, with the
/// low-resolution input and its step embedding). Patch 4 as in Table 8 (the text says 2).
struct cascade_512x896 : text_to_video {
    static constexpr int height = 64, width = 112, patch = 4;
    static constexpr bool super_resolution = true;
    static constexpr window spatiotemporal_window{5, 8, 14};
};
/// The paper's cascade to 17 x 512 x 896. Its base is trained at 17 x 128 x 128 as cascade_base, and goes on as
/// cascade_base_wide by adapt<cascade_base, cascade_base_wide> (transformer/adapt.hpp). Tokenizers: one, or three of
/// one config; the paper does not say.
using paper_cascade =
    cascade_config<stage_config<cascade_base_wide, walt_tokenizer>, stage_config<cascade_256x448, walt_tokenizer>,
                   stage_config<cascade_512x896, walt_tokenizer>>;

} // namespace walt::presets
