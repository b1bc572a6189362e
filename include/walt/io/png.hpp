// PNG files, through libpng's simplified interface. Needs libpng (CMake: walt::io).
#pragma once

#include "atomic_file.hpp"
#include "frames.hpp"

#include <png.h>

#include <fstream>

namespace walt {

/// Reads any PNG as RGB; refuses images of more than 100 megapixels before it takes memory for them.
inline video read_png(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    require(file.good(), path.string(), " cannot be opened for reading");
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    require(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) != 0, path.string(), " is not a PNG file: ", std::string_view(image.message));
    const std::uint64_t pixels = std::uint64_t{image.width} * image.height;
    if (pixels > 100'000'000) {
        png_image_free(&image);
        fail(path.string(), " has ", image.width, " x ", image.height, " pixels; more than 100 million are not read");
    }
    image.format = PNG_FORMAT_RGB;
    video frame{1, static_cast<int>(image.height), static_cast<int>(image.width), std::vector<std::uint8_t>(static_cast<std::size_t>(3 * pixels))};
    const png_color black{0, 0, 0}; // behind what is transparent
    const bool read = png_image_finish_read(&image, &black, frame.rgb.data(), 0, nullptr) != 0;
    const std::string why = image.message;
    png_image_free(&image);
    require(read, path.string(), " cannot be decoded: ", why);
    return frame;
}

/// Writes one frame; the file is replaced whole or not at all.
inline void write_png(const std::filesystem::path& path, const video& from, int frame = 0) {
    require(from.complete() && frame >= 0 && frame < from.frames, path.string(), ": frame ", frame, " of a video of ", from.frames, " frames cannot be written");
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(from.width);
    image.height = static_cast<png_uint_32>(from.height);
    image.format = PNG_FORMAT_RGB;
    std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
    png_alloc_size_t size = bytes.size();
    require(png_image_write_to_memory(&image, bytes.data(), &size, 0, from.frame(frame), 0, nullptr) != 0, path.string(), " cannot be encoded: ", std::string_view(image.message));
    write_atomically(path, std::string_view(bytes).substr(0, size));
}

/// A row for every video: its frames 0, every, 2 every, ... from left to right.
inline void write_png_grid(const std::filesystem::path& path, std::span<const video> list, int every = 2) {
    require(!list.empty() && every >= 1, path.string(), ": a grid needs a video or more, and every must be 1 or more; it is ", every);
    std::vector<video> cells;
    for (const video& one : list) {
        require(one.complete(), path.string(), ": a video's bytes do not match its size");
        for (int f = 0; f < one.frames; f += every) cells.push_back({1, one.height, one.width, {one.frame(f), one.frame(f) + one.frame_size()}});
    }
    write_png(path, tile(cells, static_cast<int>(cells.size() / list.size())));
}

} // namespace walt
