// Videos as files have them: 8 bits a channel; conversion from and to the library's floats, tiling, enlarging.
#pragma once

#include "../core/view.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace walt {

/// [frames, height, width, 3], 0 .. 255. An image is a video of one frame.
struct video {
    int frames = 0, height = 0, width = 0;
    std::vector<std::uint8_t> rgb;

    std::size_t frame_size() const {
        return std::size_t{3} * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    }
    const std::uint8_t* frame(int f) const { return rgb.data() + static_cast<std::size_t>(f) * frame_size(); }
    std::uint8_t* frame(int f) { return rgb.data() + static_cast<std::size_t>(f) * frame_size(); }
    bool complete() const {
        return frames >= 1 && height >= 1 && width >= 1 &&
               rgb.size() == static_cast<std::size_t>(frames) * frame_size();
    }
};

/// Pixels [B, F, H, W, 3] in [-1, 1] (host memory) as B videos, clamped. Throws walt::error where one is not finite:
/// a black video would hide it.
inline std::vector<video> to_videos(view<const float, dynamic, dynamic, dynamic, dynamic, 3> pixels) {
    const auto extent = [&](int axis) { return static_cast<int>(pixels.extent(axis)); };
    std::vector<video> list(static_cast<std::size_t>(pixels.extent(0)), video{extent(1), extent(2), extent(3), {}});
    const float* next = pixels.data();
    for (video& one : list) {
        one.rgb.resize(static_cast<std::size_t>(one.frames) * one.frame_size());
        for (std::uint8_t& byte : one.rgb) {
            const float pixel = *next++, value = (pixel + 1.0f) * 127.5f;
            require(std::isfinite(pixel),
                    "pixels of video {} of {} are not finite ({}): neither is what made them (weights, conditions)",
                    &one - list.data(), list.size(), pixel);
            byte = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0f, 255.0f)));
        }
    }
    return list;
}

/// The pixels of a video in [-1, 1].
inline std::vector<float> to_floats(const video& from) {
    std::vector<float> pixels;
    pixels.reserve(from.rgb.size());
    for (const std::uint8_t value : from.rgb) pixels.push_back(static_cast<float>(value) / 127.5f - 1.0f);
    return pixels;
}

/// Videos of one size side by side, row after row, `gap` dark pixels between them.
inline video tile(std::span<const video> list, int columns, int gap = 2) {
    require(!list.empty() && columns > 0 && gap >= 0,
            "tiling needs a video or more, a column or more, and a gap of 0 or more");
    const video& first = list.front();
    for (const video& one : list)
        require(one.complete() && one.frames == first.frames && one.height == first.height && one.width == first.width,
                "only videos of one size can be tiled: {} x {} x {} and {} x {} x {}", first.frames, first.height,
                first.width, one.frames, one.height, one.width);
    const int count = static_cast<int>(list.size()), across = std::min(columns, count),
              down = (count + columns - 1) / columns;
    video all{first.frames, down * first.height + (down - 1) * gap, across * first.width + (across - 1) * gap, {}};
    all.rgb.assign(static_cast<std::size_t>(all.frames) * all.frame_size(), 24);
    for (int i = 0; i < count; ++i)
        for (int f = 0; f < all.frames; ++f)
            for (int y = 0; y < first.height; ++y) {
                const std::uint8_t* from =
                    list[static_cast<std::size_t>(i)].frame(f) + std::ptrdiff_t{3} * y * first.width;
                const std::ptrdiff_t row = i / columns * (first.height + gap) + y,
                                     column = i % columns * (first.width + gap);
                std::copy_n(from, 3 * first.width, all.frame(f) + 3 * (row * all.width + column));
            }
    return all;
}

/// Every pixel as a square of factor x factor pixels.
inline video upscale(const video& from, int factor) {
    require(from.complete() && factor >= 1 && std::int64_t{std::max(from.height, from.width)} * factor < 65536,
            "a video of {} x {} x {} cannot be enlarged {} times", from.frames, from.height, from.width, factor);
    video large{from.frames, from.height * factor, from.width * factor, {}};
    large.rgb.reserve(static_cast<std::size_t>(large.frames) * large.frame_size());
    for (int f = 0; f < from.frames; ++f)
        for (int y = 0; y < large.height; ++y)
            for (int x = 0; x < large.width; ++x) {
                const std::uint8_t* pixel = from.frame(f) + std::ptrdiff_t{3} * (y / factor * from.width + x / factor);
                for (int c = 0; c < 3; ++c) large.rgb.push_back(pixel[c]);
            }
    return large;
}

} // namespace walt
