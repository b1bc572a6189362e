// Animated GIF (GIF89a): one palette for the whole video by median cut, ordered dithering that does not flicker, LZW.
#pragma once

#include "atomic_file.hpp"
#include "frames.hpp"

#include <array>
#include <map>

namespace walt {

namespace detail {

/// At most 256 colours for a video: boxes of a 15-bit histogram, split in two at the median of their longest side.
inline std::vector<std::array<std::uint8_t, 3>> median_cut(const video& from) {
    struct bin {
        std::array<int, 3> colour;
        std::int64_t count;
    };
    std::map<int, std::int64_t> histogram;
    for (std::size_t i = 0; i + 2 < from.rgb.size(); i += 3) ++histogram[(from.rgb[i] >> 3) << 10 | (from.rgb[i + 1] >> 3) << 5 | from.rgb[i + 2] >> 3];
    std::vector<std::vector<bin>> boxes(1);
    for (const auto& [key, count] : histogram) boxes[0].push_back({{key >> 10, key >> 5 & 31, key & 31}, count});
    const auto longest = [](const std::vector<bin>& box) { // (length, axis)
        std::pair<int, std::size_t> most{-1, 0};
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const auto [low, high] = std::minmax_element(box.begin(), box.end(), [&](const bin& a, const bin& b) { return a.colour[axis] < b.colour[axis]; });
            most = std::max(most, {high->colour[axis] - low->colour[axis], axis});
        }
        return most;
    };
    while (boxes.size() < 256) {
        const auto widest = std::max_element(boxes.begin(), boxes.end(), [&](const auto& a, const auto& b) { return longest(a) < longest(b); });
        const auto [length, axis] = longest(*widest);
        if (length <= 0) break;
        std::vector<bin> box = std::move(*widest);
        std::sort(box.begin(), box.end(), [axis = axis](const bin& a, const bin& b) { return a.colour[axis] < b.colour[axis]; });
        std::int64_t total = 0, half = 0;
        for (const bin& one : box) total += one.count;
        std::size_t split = 0;
        while (split + 1 < box.size() && (half += box[split].count) * 2 < total) ++split;
        split = std::clamp<std::size_t>(split + 1, 1, box.size() - 1);
        *widest = {box.begin(), box.begin() + static_cast<std::ptrdiff_t>(split)};
        boxes.emplace_back(box.begin() + static_cast<std::ptrdiff_t>(split), box.end());
    }
    std::vector<std::array<std::uint8_t, 3>> palette;
    for (const auto& box : boxes) {
        std::array<std::int64_t, 3> sum{};
        std::int64_t total = 0;
        for (const bin& one : box) {
            for (std::size_t axis = 0; axis < 3; ++axis) sum[axis] += one.count * (one.colour[axis] * 8 + 4);
            total += one.count;
        }
        palette.push_back({static_cast<std::uint8_t>(sum[0] / total), static_cast<std::uint8_t>(sum[1] / total), static_cast<std::uint8_t>(sum[2] / total)});
    }
    return palette;
}

/// GIF's LZW with codes of 9 to 12 bits, in blocks of at most 255 bytes.
inline std::string lzw(const std::vector<std::uint8_t>& indices) {
    constexpr int clear = 256, end = 257;
    std::string bytes;
    std::uint32_t bits = 0;
    int held = 0, width = 9;
    const auto put = [&](int code) {
        bits |= static_cast<std::uint32_t>(code) << held;
        for (held += width; held >= 8; held -= 8, bits >>= 8) bytes += static_cast<char>(bits & 255);
    };
    std::map<std::pair<int, int>, int> table; // (code of the prefix, next index) -> code
    int next = end + 1, prefix = -1;
    put(clear);
    for (const int index : indices) {
        if (prefix < 0) {
            prefix = index;
            continue;
        }
        const auto known = table.find({prefix, index});
        if (known != table.end()) {
            prefix = known->second;
            continue;
        }
        put(prefix);
        if (next < 4096) {
            table[{prefix, index}] = next++;
            if (next > 1 << width && width < 12) ++width;
        } else {
            put(clear);
            table.clear();
            next = end + 1;
            width = 9;
        }
        prefix = index;
    }
    if (prefix >= 0) put(prefix);
    put(end);
    if (held > 0) bytes += static_cast<char>(bits & 255);
    std::string blocks(1, '\x08'); // bits of an index
    for (std::size_t i = 0; i < bytes.size(); i += 255) {
        const std::size_t size = std::min<std::size_t>(255, bytes.size() - i);
        blocks += static_cast<char>(size);
        blocks.append(bytes, i, size);
    }
    return blocks + '\0';
}

} // namespace detail

/// Writes an endlessly looping GIF; the file is replaced whole or not at all.
inline void write_gif(const std::filesystem::path& path, const video& from, double frames_per_second = 8) {
    require(from.complete() && from.width < 65536 && from.height < 65536, path.string(), ": a video of ", from.frames, " x ", from.height, " x ",
            from.width, " with ", from.rgb.size(), " bytes cannot be a GIF");
    require(frames_per_second > 0, path.string(), ": frames per second must be positive, not ", frames_per_second);
    auto palette = detail::median_cut(from);
    palette.resize(256);
    const auto number = [](int value) { return std::string{static_cast<char>(value & 255), static_cast<char>(value >> 8 & 255)}; };
    std::string file = "GIF89a" + number(from.width) + number(from.height) + '\xF7' + '\0' + '\0';
    for (const auto& colour : palette)
        for (const std::uint8_t channel : colour) file += static_cast<char>(channel);
    file += std::string("\x21\xFF\x0B" "NETSCAPE2.0\x03\x01\0\0\0", 19); // loop for ever

    constexpr int bayer[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
    std::vector<int> nearest(1 << 18, -1); // of a colour in 6 bits a channel
    const int delay = std::max(2, static_cast<int>(std::lround(100 / frames_per_second)));
    for (int f = 0; f < from.frames; ++f) {
        std::vector<std::uint8_t> indices;
        for (int y = 0; y < from.height; ++y)
            for (int x = 0; x < from.width; ++x) {
                const std::uint8_t* pixel = from.frame(f) + std::ptrdiff_t{3} * (y * from.width + x);
                const int shift = bayer[y % 4][x % 4] / 2 - 4;
                int c[3];
                for (int k = 0; k < 3; ++k) c[k] = std::clamp(pixel[k] + shift, 0, 255) >> 2;
                int& found = nearest[static_cast<std::size_t>(c[0] << 12 | c[1] << 6 | c[2])];
                if (found < 0) {
                    int best = 1 << 30;
                    for (std::size_t i = 0; i < palette.size(); ++i) {
                        int distance = 0;
                        for (std::size_t k = 0; k < 3; ++k) distance += (palette[i][k] - c[k] * 4 - 2) * (palette[i][k] - c[k] * 4 - 2);
                        if (distance < best) best = distance, found = static_cast<int>(i);
                    }
                }
                indices.push_back(static_cast<std::uint8_t>(found));
            }
        file += std::string("\x21\xF9\x04\x04", 4) + number(delay) + '\0' + '\0';
        file += ',' + number(0) + number(0) + number(from.width) + number(from.height) + '\0';
        file += detail::lzw(indices);
    }
    file += ';';
    write_atomically(path, file);
}

} // namespace walt
