// Pictures by what they are, whatever their names say. Needs libpng and libjpeg (CMake: walt::io).
#pragma once

#include "jpeg.hpp"
#include "png.hpp"

#include <filesystem>
#include <vector>

namespace walt {

/// Reads a PNG or a JPEG, as read_png and read_jpeg do.
inline video read_image(const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = read_file(path, detail::largest_image);
    return detail::is_png(bytes) ? detail::png_from(path, bytes) : detail::jpeg_from(path, bytes);
}

} // namespace walt
