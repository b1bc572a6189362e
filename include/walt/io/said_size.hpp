// How long a video file says it is: one that is shorter was cut.
#pragma once

#include "read_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace walt::detail::av {

/// The size in bytes that the beginning of an AVI or of a Matroska file (WebM too) announces; 0: none does. (A last
/// byte that makes the number of them even may have been left out.)
inline std::uint64_t said_size(const opened_file& file) {
    std::byte bytes[256]{};
    const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), sizeof bytes));
    file.read(0, std::span(bytes).first(some));
    const auto byte = [&](std::uint64_t at) {
        return at < some ? std::to_integer<std::uint64_t>(bytes[at]) : std::uint64_t{0};
    };
    if (std::memcmp(bytes, "RIFF", 4) == 0 && std::memcmp(bytes + 8, "AVI ", 4) == 0) {
        const std::uint64_t size = byte(4) | byte(5) << 8 | byte(6) << 16 | byte(7) << 24;
        return size >= 0x7FFFFFFF ? 0 : 8 + size; // while it is recorded
    }
    // EBML: the length of a size is where its first bit that is set stands; a size of ones is not known.
    const auto end_of_element = [&](std::uint64_t at) -> std::uint64_t { // whose name has four bytes
        std::uint64_t size = byte(at + 4), length = 1;
        while (length <= 8 && (size >> (8 - length)) == 0) ++length;
        if (length > 8) return 0;
        size &= (std::uint64_t{1} << (8 - length)) - 1;
        for (std::uint64_t i = 1; i < length; ++i) size = size << 8 | byte(at + 4 + i);
        return size == (std::uint64_t{1} << 7 * length) - 1 ? 0 : at + 4 + length + size;
    };
    if (std::memcmp(bytes, "\x1A\x45\xDF\xA3", 4) != 0) return 0;
    const std::uint64_t segment = end_of_element(0);
    if (segment == 0 || segment > sizeof bytes - 16 || std::memcmp(bytes + segment, "\x18\x53\x80\x67", 4) != 0)
        return 0;
    return end_of_element(segment);
}

} // namespace walt::detail::av
