// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3").
// A number is a pure function of (seed, stream, index), so any device can make any part of a sequence in any order.
#pragma once

#include "dtype.hpp"

#include <cmath>
#include <cstdint>

namespace walt {

/// The seed of everything random in a model, a run or a source of batches.
struct seed {
    std::uint64_t value = 0;
};

/// Four 32-bit words.
struct philox_block {
    std::uint32_t word[4];
};

/// One Philox4x32-10 block: ten rounds over a 128-bit counter with a 64-bit key.
WALT_HD constexpr philox_block philox4x32_10(philox_block counter, std::uint32_t key_0, std::uint32_t key_1) {
    std::uint32_t c0 = counter.word[0], c1 = counter.word[1], c2 = counter.word[2], c3 = counter.word[3];
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53u} * c0;
        const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * c2;
        const std::uint32_t n0 = static_cast<std::uint32_t>(b >> 32) ^ c1 ^ key_0;
        const std::uint32_t n2 = static_cast<std::uint32_t>(a >> 32) ^ c3 ^ key_1;
        c1 = static_cast<std::uint32_t>(b);
        c3 = static_cast<std::uint32_t>(a);
        c0 = n0;
        c2 = n2;
        key_0 += 0x9E3779B9u;
        key_1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

namespace detail {
/// Uniform in (0, 1): 23 bits, centred in their interval, so neither 0 nor 1 comes. (With 24, the largest rounds to 1.)
WALT_HD constexpr float unit_float(std::uint32_t word) { return (static_cast<float>(word >> 9) + 0.5f) * 0x1p-23f; }

/// -2 ln(u) for u in (0, 1), only fma and division-free polynomials: the same bits wherever IEEE fma is.
WALT_HD inline float minus_two_log(float u) {
    const std::uint32_t bits = walt::bit_cast<std::uint32_t>(u);
    int exponent = static_cast<int>(bits >> 23) - 127;
    float m = walt::bit_cast<float>((bits & 0x007fffffu) | 0x3f800000u); // [1, 2)
    if (m > 1.41421356f) {
        m *= 0.5f;
        ++exponent;
    }
    const float x = m - 1.0f; // ln(1 + x), |x| < 0.415: Cephes' logf polynomial
    const float x2 = x * x;
    float p = 7.0376836292e-2f;
    p = std::fma(p, x, -1.1514610310e-1f);
    p = std::fma(p, x, 1.1676998740e-1f);
    p = std::fma(p, x, -1.2420140846e-1f);
    p = std::fma(p, x, 1.4249322787e-1f);
    p = std::fma(p, x, -1.6668057665e-1f);
    p = std::fma(p, x, 2.0000714765e-1f);
    p = std::fma(p, x, -2.4999993993e-1f);
    p = std::fma(p, x, 3.3333331174e-1f);
    const float e = static_cast<float>(exponent);
    float y = p * x * x2;
    y = std::fma(e, -2.12194440e-4f, y);
    y = std::fma(x2, -0.5f, y);
    y = std::fma(e, 0.693359375f, x + y);
    return -2.0f * y;
}

struct sine_cosine {
    float sine, cosine;
};
/// sin and cos of 2 pi u for u in (0, 1), by quarter turns and Cephes' polynomials on [-pi/4, pi/4].
WALT_HD inline sine_cosine turn(float u) {
    const int quarter = static_cast<int>(std::fma(u, 4.0f, 0.5f)); // nearest
    const float r = std::fma(-0.25f, static_cast<float>(quarter), u) * 6.28318530718f;
    const float r2 = r * r;
    float s = -1.9515295891e-4f;
    s = std::fma(s, r2, 8.3321608736e-3f);
    s = std::fma(s, r2, -1.6666654611e-1f);
    s = std::fma(s * r2, r, r);
    float c = 2.443315711809948e-5f;
    c = std::fma(c, r2, -1.388731625493765e-3f);
    c = std::fma(c, r2, 4.166664568298827e-2f);
    c = std::fma(c * r2, r2, std::fma(-0.5f, r2, 1.0f));
    switch (quarter & 3) {
    case 0: return {s, c};
    case 1: return {c, -s};
    case 2: return {-s, -c};
    default: return {-c, s};
    }
}
} // namespace detail

/// A reproducible sequence of random numbers: element i is a pure function of (seed, stream, i).
/// Integers are equal on every device bit for bit; normals too, since their logarithm and cosine are written with fma.
struct philox {
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;

    /// Four words: block i of the sequence.
    WALT_HD constexpr philox_block block(std::uint64_t i) const {
        return philox4x32_10({{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32),
                               static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}},
                             static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
    }
    /// Word i of the sequence.
    WALT_HD constexpr std::uint32_t bits(std::uint64_t i) const { return block(i / 4).word[i % 4]; }
    /// Uniform in (0, 1).
    WALT_HD constexpr float uniform(std::uint64_t i) const { return detail::unit_float(bits(i)); }
    /// Uniform integer in [0, count).
    WALT_HD constexpr std::uint32_t below(std::uint64_t i, std::uint32_t count) const {
        return static_cast<std::uint32_t>((std::uint64_t{bits(i)} * count) >> 32);
    }
    /// Four standard normals: elements 4 i to 4 i + 3 (Box-Muller).
    WALT_HD void normals(std::uint64_t i, float (&out)[4]) const {
        const philox_block b = block(i);
        for (int pair = 0; pair < 2; ++pair) {
            const float radius = std::sqrt(detail::minus_two_log(detail::unit_float(b.word[2 * pair])));
            const detail::sine_cosine angle = detail::turn(detail::unit_float(b.word[2 * pair + 1]));
            out[2 * pair] = radius * angle.cosine;
            out[2 * pair + 1] = radius * angle.sine;
        }
    }
    /// Standard normal i of the sequence.
    WALT_HD float normal(std::uint64_t i) const {
        float four[4];
        normals(i / 4, four);
        return four[i % 4];
    }
};

} // namespace walt
