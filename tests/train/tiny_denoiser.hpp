// A denoiser small enough for tests of training, and its batches.
#pragma once

#include <walt/config/denoiser.hpp>
#include <walt/core/philox.hpp>
#include <walt/diffusion/denoising.hpp>

struct tiny : walt::denoiser_config {
    static constexpr int frames = 2, height = 2, width = 4, channels = 3, hidden = 16, heads = 2, depth = 2,
                         classes = 3;
    static constexpr walt::window spatiotemporal_window{0, 2, 2};
};

inline walt::latents tiny_batch(std::int64_t n) {
    walt::latents batch;
    batch.shape = {3, 2, 2, 4, 3};
    const walt::philox numbers{7, static_cast<std::uint64_t>(n)};
    for (std::uint64_t i = 0; i < 3 * 2 * 2 * 4 * 3; ++i) batch.values.push_back(numbers.normal(i));
    batch.is_image = {0, 1, 0};
    batch.labels = {0, 0, 1, 2, 1, 1};
    return batch;
}
