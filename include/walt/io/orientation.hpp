// Pictures that are stored turned, mirrored or transparent, and how they are shown.
#pragma once

#include "frames.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

namespace walt::detail {

/// What makes of a stored picture the one that is shown: it is transposed, then mirrored.
struct orientation {
    bool transposed = false, mirrored_x = false, mirrored_y = false;
    bool none() const { return !transposed && !mirrored_x && !mirrored_y; }

    /// Of EXIF's orientation, 1 .. 8: where the stored picture's first row and column are shown.
    static orientation of_exif(int number) {
        return {number >= 5, number == 2 || number == 3 || number == 6 || number == 7,
                number == 3 || number == 4 || number == 7 || number == 8};
    }
    /// Of a video's display matrix (ISO 14496-12, as FFmpeg gives it), to the nearest right angle.
    static orientation of_matrix(const std::int32_t* m) {
        const auto size = [&](int i) { return std::abs(static_cast<std::int64_t>(m[i])); };
        if (size(0) + size(4) >= size(1) + size(3)) return {false, m[0] < 0, m[4] < 0};
        return {true, m[3] < 0, m[1] < 0};
    }

    /// Height and width as they are shown, of those that are stored; and back.
    std::pair<int, int> of_size(int height, int width) const {
        return transposed ? std::pair{width, height} : std::pair{height, width};
    }
    /// Puts [height, width, 3], stored in rows of `row` bytes, at the end of `to` as it is shown.
    void append(const std::uint8_t* from, std::ptrdiff_t row, int height, int width,
                std::vector<std::uint8_t>& to) const {
        if (none()) {
            for (int y = 0; y < height; ++y)
                to.insert(to.end(), from + y * row, from + y * row + std::ptrdiff_t{3} * width);
            return;
        }
        const auto [shown_height, shown_width] = of_size(height, width);
        for (int y = 0; y < shown_height; ++y)
            for (int x = 0; x < shown_width; ++x) {
                const int along = mirrored_x ? shown_width - 1 - x : x, down = mirrored_y ? shown_height - 1 - y : y;
                const std::uint8_t* pixel = from + (transposed ? along : down) * row + 3 * (transposed ? down : along);
                to.insert(to.end(), pixel, pixel + 3);
            }
    }
};

/// RGBA over black, in place, as browsers mix colours: by their stored numbers. Returns the bytes of the RGB.
inline std::size_t over_black(std::uint8_t* pixels, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t c = 0; c < 3; ++c)
            pixels[3 * i + c] = static_cast<std::uint8_t>((pixels[4 * i + c] * pixels[4 * i + 3] + 127) / 255);
    return 3 * count;
}

/// A picture as it is shown.
inline video turned(video stored, const orientation& how) {
    if (how.none()) return stored;
    video shown;
    std::tie(shown.height, shown.width) = how.of_size(stored.height, stored.width);
    shown.frames = 1;
    shown.rgb.reserve(stored.rgb.size());
    how.append(stored.frame(0), std::ptrdiff_t{3} * stored.width, stored.height, stored.width, shown.rgb);
    return shown;
}

} // namespace walt::detail
