// FNV-1a, 64 bits: names become streams of random numbers.
#pragma once

#include <cstdint>
#include <string_view>

namespace walt {

constexpr std::uint64_t hash(std::string_view text) {
    std::uint64_t h = 0xcbf29ce484222325u;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return h;
}

} // namespace walt
