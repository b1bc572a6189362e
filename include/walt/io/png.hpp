// PNG files. Needs libpng and zlib (CMake: walt::io).
#pragma once

#include "atomic_file.hpp"
#include "exif.hpp"
#include "frames.hpp"
#include "orientation.hpp"
#include "png_decoder.hpp"
#include "read_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <png.h>
#include <zlib.h>

namespace walt {

namespace detail {
/// A chunk of a PNG file: length, kind, bytes, CRC of the last two.
inline std::string png_chunk(const std::string& kind, const std::string& bytes) {
    const auto number = [](std::uint64_t value) {
        std::string four;
        for (const int shift : {24, 16, 8, 0}) four += static_cast<char>(value >> shift & 255);
        return four;
    };
    const std::string checked = kind + bytes;
    return number(bytes.size()) + checked +
           number(::crc32(0, reinterpret_cast<const unsigned char*>(checked.data()),
                          static_cast<unsigned>(checked.size())));
}
/// Whether bytes are a PNG's.
inline bool is_png(std::span<const std::byte> bytes) {
    return bytes.size() >= 8 && png_sig_cmp(reinterpret_cast<png_const_bytep>(bytes.data()), 0, 8) == 0;
}
inline std::uint32_t png_number(std::span<const std::byte> bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = at; i < at + 4; ++i) number = number << 8 | std::to_integer<std::uint32_t>(bytes[i]);
    return number;
}
/// Bytes of the rows that a PNG's header announces; deflate makes at most 1032 of one.
inline std::uint64_t png_rows(std::span<const std::byte> bytes) {
    constexpr std::uint64_t channels[] = {1, 0, 3, 1, 2, 0, 4, 0};
    if (bytes.size() < 26) return 0;
    const std::uint64_t width = png_number(bytes, 16), height = png_number(bytes, 20),
                        bits = std::to_integer<std::uint64_t>(bytes[24]) *
                               channels[std::to_integer<std::size_t>(bytes[25]) % 8];
    return height * (width * bits / 8 + 1);
}
/// The chunk of a PNG that has EXIF, or nothing.
inline std::span<const std::byte> png_exif(std::span<const std::byte> bytes) {
    for (std::size_t at = 8; at + 12 <= bytes.size();) {
        const std::size_t size = png_number(bytes, at);
        if (size > bytes.size() - at - 12) return {};
        if (std::memcmp(bytes.data() + at + 4, "eXIf", 4) == 0) return bytes.subspan(at + 8, size);
        at += 12 + size;
    }
    return {};
}
/// The image of a PNG's bytes.
inline video png_from(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    png_decoder decoder(bytes);
    if (!decoder.open()) fail("{} is not a PNG file: {}", path.string(), decoder.message());
    const std::uint64_t pixels = std::uint64_t{decoder.width()} * decoder.height();
    require(pixels <= 100'000'000, "{} has {} x {} pixels; more than 100 million are not read", path.string(),
            decoder.width(), decoder.height());
    require(png_rows(bytes) / 1100 <= bytes.size(),
            "{} says that it has {} x {} pixels, which cannot be in its {} bytes", path.string(), decoder.width(),
            decoder.height(), bytes.size());
    const bool transparent = decoder.transparent();
    video frame{1, static_cast<int>(decoder.height()), static_cast<int>(decoder.width()),
                std::vector<std::uint8_t>(static_cast<std::size_t>((transparent ? 4 : 3) * pixels))};
    if (!decoder.decode(frame.rgb.data())) fail("{} cannot be decoded: {}", path.string(), decoder.message());
    if (transparent) frame.rgb.resize(over_black(frame.rgb.data(), static_cast<std::size_t>(pixels)));
    return turned(std::move(frame), detail::orientation::of_exif(exif_orientation(png_exif(bytes))));
}
} // namespace detail

/// Reads any PNG (grey, palette, 16 bits) as 8-bit RGB, over black where it is transparent, upright as its EXIF says.
/// Refuses images of more than 100 megapixels, or of more than its file can hold, before it takes memory for them.
inline video read_png(const std::filesystem::path& path) {
    return detail::png_from(path, read_file(path, detail::largest_image));
}

/// The bytes of one frame as a PNG, which messages call `name`. `comment`: what the file says of itself, how it was
/// made, say (iTXt, UTF-8).
inline std::string png_bytes(std::string_view name, const video& from, int frame = 0, std::string_view comment = "") {
    require(from.complete() && frame >= 0 && frame < from.frames,
            "{}: frame {} of a video of {} frames cannot be written", name, frame, from.frames);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(from.width);
    image.height = static_cast<png_uint_32>(from.height);
    image.format = PNG_FORMAT_RGB;
    std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
    png_alloc_size_t size = bytes.size();
    if (png_image_write_to_memory(&image, bytes.data(), &size, 0, from.frame(frame), 0, nullptr) == 0)
        fail("{} cannot be encoded: {}", name, std::string_view(image.message));
    bytes.resize(size);
    if (!comment.empty()) {
        constexpr std::size_t behind_header = 8 + 25; // the signature, and the chunk that comes first
        bytes.insert(behind_header, detail::png_chunk("iTXt", std::string("Comment\0\0\0\0", 12).append(comment)));
    }
    return bytes;
}

/// Writes it; the file is replaced whole or not at all.
inline void write_png(const std::filesystem::path& path, const video& from, int frame = 0,
                      std::string_view comment = "") {
    write_atomically(path, png_bytes(path.string(), from, frame, comment));
}

/// A row for every video, all of one size: its frames 0, every, 2 every, ... from left to right.
inline void write_png_grid(const std::filesystem::path& path, std::span<const video> list, int every = 2,
                           std::string_view comment = "") {
    require(!list.empty() && every >= 1, "{}: a grid needs a video or more, and every must be 1 or more; it is {}",
            path.string(), every);
    std::vector<video> cells;
    for (const video& one : list) {
        require(one.complete() && one.frames == list.front().frames,
                "{}: a grid's videos are whole and equally long; the first has {} frames, another one {}",
                path.string(), list.front().frames, one.frames);
        for (int f = 0; f < one.frames; f += every)
            cells.push_back({1, one.height, one.width, {one.frame(f), one.frame(f) + one.frame_size()}});
    }
    write_png(path, tile(cells, static_cast<int>(cells.size() / list.size())), 0, comment);
}

} // namespace walt
