// Videos in 256 colours: a palette cut out of their colours, and ordered dithering, which stands still from frame to
// frame.
#pragma once

#include "frames.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <unordered_map>
#include <vector>

namespace walt {

using colour = std::array<std::uint8_t, 3>;

namespace detail {

/// The colours of a video if they are at most 256, else none.
inline std::vector<colour> exact_palette(const video& from) {
    std::vector<colour> palette;
    std::unordered_map<std::uint32_t, bool> seen;
    for (std::size_t i = 0; i + 2 < from.rgb.size(); i += 3) {
        const colour one{from.rgb[i], from.rgb[i + 1], from.rgb[i + 2]};
        if (!seen.try_emplace(std::uint32_t{one[0]} << 16 | std::uint32_t{one[1]} << 8 | one[2], true).second) continue;
        if (palette.size() == 256) return {};
        palette.push_back(one);
    }
    return palette;
}

/// Pixels whose colours agree in their upper 5 bits, and their mean colour.
struct colour_bin {
    double count = 0;
    std::array<double, 3> mean{};
};

/// Part of the colours, with the axis along which they differ most and by how much (squares, summed over pixels).
struct colour_box {
    std::span<colour_bin> bins;
    std::array<double, 3> mean{};
    std::size_t axis = 0;
    double spread = 0;

    explicit colour_box(std::span<colour_bin> of) : bins(of) {
        double total = 0;
        for (const colour_bin& bin : bins) {
            total += bin.count;
            for (std::size_t k = 0; k < 3; ++k) mean[k] += bin.count * bin.mean[k];
        }
        for (double& channel : mean) channel /= total;
        for (std::size_t k = 0; k < 3; ++k) {
            double squares = 0;
            for (const colour_bin& bin : bins) squares += bin.count * (bin.mean[k] - mean[k]) * (bin.mean[k] - mean[k]);
            if (squares > spread) spread = squares, axis = k;
        }
    }
};

/// 256 colours: the box that varies most is cut in two at its mean, again and again.
inline std::vector<colour> cut_palette(const video& from) {
    std::vector<colour_bin> bins(std::size_t{1} << 15);
    for (std::size_t i = 0; i + 2 < from.rgb.size(); i += 3) {
        colour_bin& bin = bins[static_cast<std::size_t>((from.rgb[i] >> 3) << 10 | (from.rgb[i + 1] >> 3) << 5 |
                                                        from.rgb[i + 2] >> 3)];
        ++bin.count;
        for (std::size_t k = 0; k < 3; ++k) bin.mean[k] += (from.rgb[i + k] - bin.mean[k]) / bin.count;
    }
    std::erase_if(bins, [](const colour_bin& bin) { return bin.count == 0; });
    std::vector<colour_box> boxes{colour_box(bins)};
    while (boxes.size() < 256) {
        colour_box& widest = *std::max_element(boxes.begin(), boxes.end(),
                                               [](const auto& a, const auto& b) { return a.spread < b.spread; });
        if (widest.spread == 0) break;
        const auto middle = std::partition(
            widest.bins.begin(), widest.bins.end(),
            [axis = widest.axis, at = widest.mean[widest.axis]](const colour_bin& bin) { return bin.mean[axis] < at; });
        const auto below = static_cast<std::size_t>(middle - widest.bins.begin());
        if (below == 0 || below == widest.bins.size()) {
            widest.spread = 0; // equal but for rounding
            continue;
        }
        const std::span<colour_bin> above = widest.bins.subspan(below);
        widest = colour_box(widest.bins.first(below));
        boxes.emplace_back(above);
    }
    std::vector<colour> palette;
    for (const colour_box& box : boxes) {
        colour& one = palette.emplace_back();
        for (std::size_t k = 0; k < 3; ++k) one[k] = static_cast<std::uint8_t>(std::lround(box.mean[k]));
    }
    return palette;
}

/// How to paint a colour: with `nearer`, and with `farther` where the 8 x 8 threshold is below `share` of 64.
struct mixture {
    std::uint8_t nearer = 0, farther = 0;
    int share = 0;
};

inline mixture mix(const colour& wanted, const std::vector<colour>& palette) {
    const auto nearest = [&](const std::array<int, 3>& c) {
        std::size_t best = 0;
        int least = std::numeric_limits<int>::max();
        for (std::size_t i = 0; i < palette.size(); ++i) {
            int distance = 0;
            for (std::size_t k = 0; k < 3; ++k) distance += (palette[i][k] - c[k]) * (palette[i][k] - c[k]);
            if (distance < least) least = distance, best = i;
        }
        return best;
    };
    const std::size_t nearer = nearest({wanted[0], wanted[1], wanted[2]});
    std::array<int, 3> beyond{}; // as far from the wanted colour as the nearest one, on its other side
    for (std::size_t k = 0; k < 3; ++k) beyond[k] = 2 * wanted[k] - palette[nearer][k];
    const std::size_t farther = nearest(beyond);
    int along = 0, length = 0;
    for (std::size_t k = 0; k < 3; ++k) {
        const int step = palette[farther][k] - palette[nearer][k];
        along += step * (wanted[k] - palette[nearer][k]);
        length += step * step;
    }
    const int share = along > 0 ? std::min(64 * along / length, 64) : 0;
    return {static_cast<std::uint8_t>(nearer), static_cast<std::uint8_t>(farther), share};
}

/// Bayer's 8 x 8 thresholds, 0 to 63: the bits of x ^ y and y, interleaved from the lowest on.
constexpr int bayer(int y, int x) {
    int threshold = 0;
    for (int bit = 0; bit < 3; ++bit) threshold = threshold << 2 | ((x ^ y) >> bit & 1) << 1 | (y >> bit & 1);
    return threshold;
}

} // namespace detail

/// A video as indices [frames, height, width] into at most 256 colours.
struct indexed_video {
    std::vector<colour> palette;
    std::vector<std::uint8_t> indices;
};

/// Exact where 256 colours are enough. Else a pixel's index depends on its colour and its place only, so that what does
/// not change does not flicker.
inline indexed_video reduce_colours(const video& from) {
    indexed_video made{detail::exact_palette(from), {}};
    if (made.palette.empty()) made.palette = detail::cut_palette(from);
    made.indices.reserve(from.rgb.size() / 3);
    std::unordered_map<std::uint32_t, detail::mixture> known;
    for (int f = 0; f < from.frames; ++f)
        for (int y = 0; y < from.height; ++y)
            for (int x = 0; x < from.width; ++x) {
                const std::uint8_t* pixel = from.frame(f) + std::ptrdiff_t{3} * (std::ptrdiff_t{y} * from.width + x);
                const auto [at, is_new] =
                    known.try_emplace(std::uint32_t{pixel[0]} << 16 | std::uint32_t{pixel[1]} << 8 | pixel[2]);
                if (is_new) at->second = detail::mix({pixel[0], pixel[1], pixel[2]}, made.palette);
                made.indices.push_back(detail::bayer(y & 7, x & 7) < at->second.share ? at->second.farther
                                                                                      : at->second.nearer);
            }
    return made;
}

} // namespace walt
