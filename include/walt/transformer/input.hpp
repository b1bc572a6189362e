// What the denoiser is asked about, on its device.
#pragma once

#include "../core/error.hpp"
#include "../core/view.hpp"

namespace walt {

/// B samples, each a video or a stack of F images (docs/model.md 1.2). A is float or double.
/// Views that the config does not use stay empty; an empty self_condition is zeros, and so are known and mask where
/// both are empty. Numbers lie on the device, where indices are not looked at before they are used (ops/embedding.hpp).
template <class A, class Config> struct denoiser_input {
    static constexpr int F = Config::frames, H = Config::height, W = Config::width, C = Config::channels;
    using latent = view<const A, dynamic, F, H, W, C>;

    latent noisy;                                              // [B, F, H, W, C]: z_t
    view<const std::int32_t, dynamic> step;                    // [B F], 0 .. 999
    view<const std::uint8_t, dynamic> is_image;                // [B]
    view<const std::int32_t, dynamic> label;                   // [B F], classes is the null class
    latent self_condition;                                     // [B, F, H, W, C]: the estimate of x0
    latent known;                                              // [B, F, H, W, C]: clean latents of frame prediction
    view<const A, dynamic> mask;                               // [B F]: 1 where `known` is given
    view<const A, dynamic, Config::numbers> numbers;           // [B F, N]: real numbers of each frame
    view<const std::uint8_t, dynamic> numbers_valid;           // [B F]: 1 where they are known
    view<const A, dynamic, Config::text_dim> text;             // [S M, Dt]: S texts of M positions
    view<const std::int32_t, dynamic> text_row;                // [B F]: which text a frame has
    view<const std::uint8_t, dynamic> text_valid;              // [S M]
    view<const A, dynamic, F, H / 2, W / 2, C> low_resolution; // [B, F, H/2, W/2, C]
    view<const std::int32_t, dynamic> low_resolution_step;     // [B]

    std::int64_t batch() const { return noisy.extent(0); }

    /// Throws walt::error, with both sizes, where a view that the config uses is absent or is not of the batch.
    /// `conditions_prepared`: texts, numbers and the low-resolution input were encoded before.
    void check(bool conditions_prepared = false) const {
        const std::int64_t B = batch(), frames = B * F;
        const auto holds = [](std::int64_t came, std::int64_t needed, const char* what) {
            require(came == needed, "a denoiser's input needs {} {}; {} came", needed, what, came);
        };
        holds(step.size(), frames, "steps, one a frame");
        holds(is_image.size(), B, "kinds (is_image), one a sample");
        if constexpr (Config::classes > 0) holds(label.size(), frames, "labels, one a frame");
        if constexpr (Config::self_conditioning)
            if (self_condition.extent(0) > 0) holds(self_condition.extent(0), B, "samples in self_condition");
        if constexpr (Config::frame_prediction) {
            const bool none = known.extent(0) == 0 && mask.size() == 0;
            if (!none) holds(known.extent(0), B, "samples in known, which comes with a mask");
            if (!none) holds(mask.size(), frames, "mask values, one a frame, which come with known");
        }
        if constexpr (Config::numbers > 0)
            if (!conditions_prepared) {
                holds(numbers.extent(0), frames, "rows of numbers, one a frame");
                holds(numbers_valid.size(), frames, "validities of numbers (numbers_valid), one a frame");
            }
        if constexpr (Config::super_resolution)
            if (!conditions_prepared) {
                holds(low_resolution.extent(0), B, "samples in low_resolution");
                holds(low_resolution_step.size(), B, "low-resolution steps, one a sample");
            }
        if constexpr (Config::text_dim > 0) {
            holds(text_row.size(), frames, "text rows, one a frame");
            if (!conditions_prepared) {
                holds(text.extent(0), text_valid.size(), "positions of texts, each with text_valid");
                require(text_valid.size() > 0 && text_valid.size() % Config::text_tokens == 0,
                        "a denoiser's input needs 1 text or more of {} positions; {} positions came",
                        int{Config::text_tokens}, text_valid.size());
            }
        }
    }
};

/// Where backward writes the gradients of the inputs; empty views are left out.
template <class A, class Config> struct denoiser_input_gradient {
    view<A, dynamic, Config::frames, Config::height, Config::width, Config::channels> noisy, self_condition, known;
    view<A, dynamic, Config::text_dim> text;
    view<A, dynamic, Config::frames, Config::height / 2, Config::width / 2, Config::channels> low_resolution;
};

} // namespace walt
