// Latents in host memory with all that a denoiser may be told about them: what tokenizers make and denoisers train on.
#pragma once

#include "../text/text_batch.hpp"
#include "clips.hpp"

namespace walt {

/// B samples of F latent frames: videos, or stacks of F independent images. What is not known, or not used by the
/// config, stays empty.
struct latents {
    video_shape shape{};                  ///< [B, F, H, W, C]
    std::vector<float> values{};          ///< [B, F, H, W, C], normalised
    std::vector<std::uint8_t> is_image{}; ///< [B], 1 where the frames are independent images; empty: videos
    std::vector<std::int32_t> labels{};   ///< [B F]: 0 .. classes - 1, or no_label
    text_batch text{};                    ///< its row: [B F]
    std::vector<float> numbers{};         ///< [B, F, N]
    std::vector<std::uint8_t>
        numbers_valid{};                 ///< [B F], 1 where a frame's numbers are known; empty: wherever they came
    std::vector<float> low_resolution{}; ///< [B, F, H/2, W/2, C]

    bool is_stack(std::int64_t b) const { return !is_image.empty() && is_image[static_cast<std::size_t>(b)] != 0; }
    /// is_image, spelled out where it was left out.
    std::vector<std::uint8_t> kinds() const {
        return is_image.empty() ? std::vector<std::uint8_t>(static_cast<std::size_t>(shape.count)) : is_image;
    }

    /// Throws walt::error with both numbers where a size is not that of the shape, or a text is not there.
    void check() const {
        detail::require_shape(shape);
        const std::int64_t frames = shape.count * shape.frames;
        detail::require_size(values, shape.size(), shape, "latent numbers");
        detail::require_size_or_none(is_image, shape.count, shape, "kinds (is_image)");
        detail::require_size_or_none(labels, frames, shape, "labels");
        detail::require_size_or_none(text.row, frames, shape, "text rows");
        if (!text.row.empty()) text.check();
        require(static_cast<std::int64_t>(numbers.size()) % frames == 0,
                "numbers come in equal count for each of {} x {} frames; {} came", shape.count, shape.frames,
                numbers.size());
        detail::require_size_or_none(numbers_valid, frames, shape, "validities of numbers");
        detail::require_size_or_none(low_resolution, shape.size() / 4, shape, "low-resolution numbers");
    }
};

} // namespace walt
