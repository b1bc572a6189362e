// Animated GIF (GIF89a): one palette for the whole video, LZW, looping for ever.
#pragma once

#include "atomic_file.hpp"
#include "palette.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace walt {

namespace detail {
/// Bytes in blocks of at most 255, and an empty one behind them.
inline std::string gif_blocks(std::string_view bytes) {
    std::string blocks;
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(255, bytes.size()))) {
        const std::string_view block = bytes.substr(0, 255);
        (blocks += static_cast<char>(block.size())) += block;
    }
    return blocks + '\0';
}
/// GIF's LZW of 8-bit indices, with codes of 9 to 12 bits.
inline std::string lzw(std::span<const std::uint8_t> indices) {
    constexpr std::uint32_t clear = 256, end = 257, full = 4096;
    std::string bytes;
    std::uint32_t bits = 0, next = end + 1;
    int held = 0, width = 9;
    const auto put = [&](std::uint32_t code) {
        bits |= code << held;
        for (held += width; held >= 8; held -= 8, bits >>= 8) bytes += static_cast<char>(bits & 255);
    };
    std::unordered_map<std::uint32_t, std::uint32_t> table; // code of a prefix << 8 | the index after it -> code
    put(clear);
    std::uint32_t prefix = indices.front();
    for (const std::uint32_t index : indices.subspan(1)) {
        if (const auto known = table.find(prefix << 8 | index); known != table.end()) {
            prefix = known->second;
            continue;
        }
        put(prefix);
        if (next < full) {
            table.emplace(prefix << 8 | index, next++);
            if (next > 1u << width && width < 12) ++width; // the reader knows a code one step later
        } else {
            put(clear);
            table.clear();
            next = end + 1;
            width = 9;
        }
        prefix = index;
    }
    put(prefix);
    if (++next > 1u << width && width < 12) ++width;
    put(end);
    if (held > 0) bytes += static_cast<char>(bits & 255);
    return '\x08' + gif_blocks(bytes); // bits of an index
}
} // namespace detail

/// The bytes of a looping GIF, which messages call `name`. It counts time in hundredths of a second and 2 is the least
/// that programs obey, so rates of more than 50 are shown at 50. `comment`: what the file says of itself, how it was
/// made, say.
inline std::string gif_bytes(std::string_view name, const video& from, double frames_per_second = 8,
                             std::string_view comment = "") {
    require(from.complete() && from.width < 65536 && from.height < 65536,
            "{}: a video of {} x {} x {} with {} bytes cannot be a GIF", name, from.frames, from.height, from.width,
            from.rgb.size());
    require(frames_per_second >= 0.01, "{}: frames per second must be 0.01 or more, not {}", name, frames_per_second);
    const indexed_video reduced = reduce_colours(from);
    const auto number = [](long value) {
        return std::string{static_cast<char>(value & 255), static_cast<char>(value >> 8 & 255)};
    };
    const std::string size = number(from.width) + number(from.height);
    std::string file = "GIF89a" + size + std::string("\xF7\0\0", 3); // a palette of 256
    for (const colour& one : reduced.palette)
        for (const std::uint8_t channel : one) file += static_cast<char>(channel);
    file.append(3 * (256 - reduced.palette.size()), '\0');
    file += std::string("\x21\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0", 19); // loop for ever
    if (!comment.empty()) file += "\x21\xFE" + detail::gif_blocks(comment);

    const std::size_t pixels = from.frame_size() / 3;
    const auto moment = [&](int frame) {
        return std::lround(frame * 100 / frames_per_second);
    }; // rounded once, so that no drift adds up
    for (int f = 0; f < from.frames; ++f) {
        file +=
            std::string("\x21\xF9\x04\x04", 4) + number(std::max(2L, moment(f + 1) - moment(f))) + std::string(2, '\0');
        file += ',' + std::string(4, '\0') + size + '\0';
        file += detail::lzw(std::span(reduced.indices).subspan(static_cast<std::size_t>(f) * pixels, pixels));
    }
    return file + ';';
}

/// Writes it; the file is replaced whole or not at all. Several videos: write_gif(path, tile(videos, 4)).
inline void write_gif(const std::filesystem::path& path, const video& from, double frames_per_second = 8,
                      std::string_view comment = "") {
    write_atomically(path, gif_bytes(path.string(), from, frames_per_second, comment));
}

} // namespace walt
