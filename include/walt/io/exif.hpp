// The orientation that cameras write beside their pictures (EXIF).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace walt::detail {

/// Most bytes of an image's file.
inline constexpr std::uint64_t largest_image = std::uint64_t{1} << 28;

/// EXIF's orientation, 1 .. 8, of a TIFF header and its first directory; 1 (as it is stored) where there is none.
inline int exif_orientation(std::span<const std::byte> tiff) {
    if (tiff.size() < 8) return 1;
    const bool little = tiff[0] == std::byte{'I'};
    const auto number = [&](std::size_t at, std::size_t bytes) {
        std::size_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i)
            value = value << 8 | std::to_integer<std::size_t>(tiff[little ? at + bytes - 1 - i : at + i]);
        return value;
    };
    const std::size_t directory = number(4, 4);
    if (directory > tiff.size() - 2) return 1;
    const std::size_t entries = number(directory, 2);
    for (std::size_t i = 0, at = directory + 2; i < entries && at + 12 <= tiff.size(); ++i, at += 12)
        if (number(at, 2) == 0x0112) {
            constexpr std::size_t as_long = 4; // of TIFF's types; a short has two bytes
            const std::size_t orientation = number(at + 8, number(at + 2, 2) == as_long ? 4 : 2);
            return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
        }
    return 1;
}

} // namespace walt::detail
