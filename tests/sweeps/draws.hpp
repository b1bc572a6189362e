// Random shapes and configurations that are the same in every run: those of types are drawn by the compiler.
#pragma once

#include <walt/core/philox.hpp>

#include <array>
#include <cstdint>

/// Number k of draw n, below the limit.
constexpr int drawn(std::uint32_t n, std::uint32_t k, int limit) {
    const std::uint32_t word = walt::philox4x32_10({{k, 0, n, 0}}, 0x57a17, 0).word[0];
    return static_cast<int>((static_cast<std::uint64_t>(word) * static_cast<std::uint32_t>(limit)) >> 32);
}
/// One of some numbers.
template <std::size_t N> constexpr int drawn_of(std::uint32_t n, std::uint32_t k, const std::array<int, N>& from) {
    return from[static_cast<std::size_t>(drawn(n, k, static_cast<int>(N)))];
}
/// In [least, most].
inline double drawn_between(std::uint32_t n, std::uint32_t k, double least, double most) {
    return least + (most - least) * drawn(n, k, 1 << 20) / (1 << 20);
}
