// What a clip of moving fashion shows besides its item, measured without learning: colour by hue, direction by drift.
#pragma once

#include <walt/data/moving_fashion.hpp>

#include <algorithm>
#include <cmath>

namespace judge {

/// Brightest minus darkest channel of a pixel in [-1, 1], as a number from 0 to 1. (Saturation, which divides by the
/// brightness, would let dim backgrounds count.)
inline double chroma(const float* rgb) {
    const auto [darkest, brightest] = std::minmax({rgb[0], rgb[1], rgb[2]});
    return 0.5 * (static_cast<double>(brightest) - static_cast<double>(darkest));
}

/// Backgrounds of moving fashion have less chroma than 0.1, its items more than 0.24.
inline constexpr double coloured = 0.18;

struct position {
    double x, y;
};

/// The centroid of a frame's coloured pixels, weighted by their chroma; nothing where it has none.
inline std::optional<position> centroid_of(const float* frame, int height, int width) {
    double mass = 0, x = 0, y = 0;
    for (int i = 0; i < height; ++i)
        for (int j = 0; j < width; ++j, frame += 3) {
            const double weight = chroma(frame);
            if (weight < coloured) continue;
            mass += weight;
            x += weight * j;
            y += weight * i;
        }
    return mass > 0 ? std::optional<position>({x / mass, y / mass}) : std::nullopt;
}

/// Index into moving_fashion::colours of a clip [frames, height, width, 3] in [-1, 1]: the one nearest to the mean hue
/// of its coloured pixels, weighted by their chroma; -1 where it has none.
inline int colour_of(const float* pixels, int frames, int height, int width) {
    double x = 0, y = 0; // sum of the chroma as vectors in the plane across the grey axis
    const std::int64_t count = std::int64_t{frames} * height * width;
    for (std::int64_t i = 0; i < count; ++i) {
        const float* rgb = pixels + 3 * i;
        if (chroma(rgb) < coloured) continue;
        x += static_cast<double>(rgb[0]) - 0.5 * (static_cast<double>(rgb[1]) + static_cast<double>(rgb[2]));
        y += std::sqrt(0.75) * (static_cast<double>(rgb[1]) - static_cast<double>(rgb[2]));
    }
    if (x == 0.0 && y == 0.0) return -1;
    const double degrees = std::atan2(y, x) * 180.0 / 3.14159265358979323846;
    const auto distance = [&](float hue) {
        return std::abs(std::remainder(degrees - static_cast<double>(hue), 360.0));
    };
    const auto& hues = walt::moving_fashion::colour_hue;
    return static_cast<int>(
        std::min_element(hues.begin(), hues.end(), [&](float a, float b) { return distance(a) < distance(b); }) -
        hues.begin());
}

/// Index into moving_fashion::directions of a clip [frames, height, width, 3]: the one nearest to the drift of the
/// coloured pixels' centroid, by least squares over the frames; -1 where it drifts less than a tenth of the width
/// over the whole clip. (Moving fashion drifts three eighths.)
inline int direction_of(const float* pixels, int frames, int height, int width) {
    double count = 0, t1 = 0, t2 = 0, x1 = 0, y1 = 0, tx = 0, ty = 0; // sums over frames that show something
    for (int f = 0; f < frames; ++f) {
        const std::optional<position> at = centroid_of(pixels + std::int64_t{3} * f * height * width, height, width);
        if (!at) continue;
        count += 1;
        t1 += f;
        t2 += f * f;
        x1 += at->x;
        y1 += at->y;
        tx += f * at->x;
        ty += f * at->y;
    }
    const double spread = count * t2 - t1 * t1;
    if (spread <= 0.0) return -1;
    const double drift_x = (count * tx - t1 * x1) / spread * (frames - 1),
                 drift_y = (count * ty - t1 * y1) / spread * (frames - 1);
    if (std::hypot(drift_x, drift_y) < 0.1 * width) return -1;
    const auto along = [&](const std::array<float, 2>& way) {
        return drift_x * static_cast<double>(way[0]) + drift_y * static_cast<double>(way[1]);
    };
    const auto& ways = walt::moving_fashion::direction_xy;
    return static_cast<int>(
        std::max_element(ways.begin(), ways.end(), [&](const auto& a, const auto& b) { return along(a) < along(b); }) -
        ways.begin());
}

} // namespace judge
