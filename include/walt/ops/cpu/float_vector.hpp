// Sixteen floats side by side, in the vector extensions that g++ and clang share: one AVX-512 register, or several
// smaller ones. Functions are always inlined and pass vectors by reference: by value their ABI depends on the target.
#pragma once

#include "../../core/dtype.hpp"
#include "../../core/instruction_set.hpp"

#include <cmath>
#include <cstring>
#include <utility>

// <immintrin.h> would be a tenth of the time to include walt.hpp: g++ is called by its own names as far as they are
// known, which have other types from 13 on. (In asm, g++ copies registers around an instruction.)
#if defined(__AVX512BF16__) && (defined(__clang__) || __GNUC__ > 12)
#include <immintrin.h>
#endif

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

inline constexpr int vector_lanes = 16;
typedef float float_vector __attribute__((vector_size(64)));
typedef std::uint32_t bits_vector __attribute__((vector_size(64)));
typedef std::uint16_t half_bits_vector __attribute__((vector_size(32)));

constexpr int to_lanes(int count) { return (count + vector_lanes - 1) / vector_lanes * vector_lanes; }

namespace detail { // the same in memory: of any alignment and type (memcpy would move them in pieces)
typedef float float_vector_in_memory __attribute__((vector_size(64), aligned(4), may_alias));
typedef std::uint16_t half_vector_in_memory __attribute__((vector_size(32), aligned(2), may_alias));
} // namespace detail

/// Each half in the low bits of a lane.
[[gnu::always_inline]] inline void widen(bits_vector& bits, const half_bits_vector& half) {
#if defined(__AVX512F__) && !defined(__clang__) // g++ 12 would take two steps and join their results
    typedef short halves __attribute__((vector_size(32)));
    typedef int lanes __attribute__((vector_size(64)));
    bits =
        reinterpret_cast<bits_vector>(__builtin_ia32_pmovzxwd512_mask(reinterpret_cast<halves>(half), lanes{}, 0xffff));
#else
    bits = __builtin_convertvector(half, bits_vector);
#endif
}

/// v = 16 values from memory of any alignment.
[[gnu::always_inline]] inline void load(float_vector& v, const float* from) {
    v = *reinterpret_cast<const detail::float_vector_in_memory*>(from);
}
[[gnu::always_inline]] inline void load(float_vector& v, const bf16* from) {
    const half_bits_vector half = *reinterpret_cast<const detail::half_vector_in_memory*>(from);
    bits_vector bits;
    widen(bits, half);
    v = reinterpret_cast<float_vector>(bits << 16);
}
/// The first `count` lanes, zeros behind them.
template <class T> [[gnu::always_inline]] inline void load(float_vector& v, const T* from, int count) {
    T all[vector_lanes] = {};
    std::memcpy(all, from, static_cast<std::size_t>(count) * sizeof(T));
    load(v, all);
}

/// Rounds to bf16, to nearest, ties to even.
[[gnu::always_inline]] inline void to_bf16(half_bits_vector& half, const float_vector& v) {
#if defined(__AVX512BF16__) && (defined(__clang__) || __GNUC__ > 12)
    half = reinterpret_cast<half_bits_vector>(_mm512_cvtneps_pbh(reinterpret_cast<__m512>(v)));
#elif defined(__AVX512BF16__)
    half = reinterpret_cast<half_bits_vector>(__builtin_ia32_cvtneps2bf16_v16sf(v));
#else
    const bits_vector bits = reinterpret_cast<bits_vector>(v);
    half = __builtin_convertvector((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16, half_bits_vector);
#endif
}

#if defined(__AVX512BF16__)
/// Each lane of sum += the products of the two bf16 that lie in it of left and of right.
[[gnu::always_inline]] inline void add_bf16_products(float_vector& sum, const float_vector& left,
                                                     const float_vector& right) {
#if defined(__clang__) || __GNUC__ > 12
    sum = reinterpret_cast<float_vector>(_mm512_dpbf16_ps(
        reinterpret_cast<__m512>(sum), reinterpret_cast<__m512bh>(left), reinterpret_cast<__m512bh>(right)));
#else
    typedef short pairs __attribute__((vector_size(64)));
    sum = __builtin_ia32_dpbf16ps_v16sf(sum, reinterpret_cast<pairs>(left), reinterpret_cast<pairs>(right));
#endif
}
#endif

[[gnu::always_inline]] inline void store(const float_vector& v, float* to) {
    *reinterpret_cast<detail::float_vector_in_memory*>(to) = v;
}
[[gnu::always_inline]] inline void store(const float_vector& v, bf16* to) {
    half_bits_vector half;
    to_bf16(half, v);
    *reinterpret_cast<detail::half_vector_in_memory*>(to) = half;
}
template <class T> [[gnu::always_inline]] inline void store(const float_vector& v, T* to, int count) {
    T all[vector_lanes];
    store(v, all);
    std::memcpy(to, all, static_cast<std::size_t>(count) * sizeof(T));
}

/// As many lanes as are left of a row.
constexpr int lanes_left(std::int64_t count) { return count < vector_lanes ? static_cast<int>(count) : vector_lanes; }
/// All lanes, or the first `count` of them.
template <class T> [[gnu::always_inline]] inline void load_lanes(float_vector& v, const T* from, int count) {
    if (count == vector_lanes) load(v, from);
    else load(v, from, count);
}
template <class T> [[gnu::always_inline]] inline void store_lanes(const float_vector& v, T* to, int count) {
    if (count == vector_lanes) store(v, to);
    else store(v, to, count);
}
/// v as T holds it.
template <class T> [[gnu::always_inline]] inline void round_to(float_vector& v) {
    if constexpr (!std::is_same_v<T, float>) {
        T all[vector_lanes];
        store(v, all);
        load(v, all);
    }
}

/// The sum of the lanes, pairwise.
[[gnu::always_inline]] inline float sum_of(const float_vector& v) {
    float_vector s = v + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    s += __builtin_shufflevector(s, s, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    s += __builtin_shufflevector(s, s, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    return s[0] + s[1];
}

/// largest = max(largest, v), lane by lane; v where either is not a number.
[[gnu::always_inline]] inline void raise(float_vector& largest, const float_vector& v) {
#if defined(__AVX512F__) && !defined(__clang__) // g++ 12 would compare and choose
    largest = __builtin_ia32_maxps512_mask(largest, v, float_vector{}, -1, 4);
#else
    largest = largest > v ? largest : v;
#endif
}
/// least = min(least, v), in the same way.
[[gnu::always_inline]] inline void lower(float_vector& least, const float_vector& v) {
#if defined(__AVX512F__) && !defined(__clang__)
    least = __builtin_ia32_minps512_mask(least, v, float_vector{}, -1, 4);
#else
    least = least < v ? least : v;
#endif
}

/// v = e^v for v <= 88, to about 2e-7; 0 below -88. As fast_exp.
[[gnu::always_inline]] inline void exp_in_place(float_vector& v) {
    float_vector x = float_vector{} - 88.0f;
    raise(x, v);
    const float_vector shifted = x * 1.44269504f + 12582912.0f; // 1.5 * 2^23: the low bits are round(x / ln 2)
    const float_vector n = shifted - 12582912.0f, r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float_vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    v = p *
        reinterpret_cast<float_vector>((reinterpret_cast<bits_vector>(shifted) + 127u) << 23); // 2^n; 0 for n = -127
}

namespace detail {
/// Swaps the lanes of b whose bit Step is 0 with the lanes of a whose bit Step is 1.
template <int Step, int... Lane>
[[gnu::always_inline]] inline void swap_lanes(float_vector& a, float_vector& b, std::integer_sequence<int, Lane...>) {
    const float_vector low = __builtin_shufflevector(a, b, ((Lane & Step) ? 16 + Lane - Step : Lane)...);
    b = __builtin_shufflevector(a, b, ((Lane & Step) ? 16 + Lane : Lane + Step)...);
    a = low;
}
template <int Step> [[gnu::always_inline]] inline void swap_all(float_vector (&rows)[vector_lanes]) {
#pragma GCC unroll 16
    for (int i = 0; i < vector_lanes; ++i)
        if (!(i & Step)) swap_lanes<Step>(rows[i], rows[i + Step], std::make_integer_sequence<int, vector_lanes>{});
}
} // namespace detail

/// Transposes a block of 16 x 16 lanes.
[[gnu::always_inline]] inline void transpose(float_vector (&rows)[vector_lanes]) {
    detail::swap_all<8>(rows);
    detail::swap_all<4>(rows);
    detail::swap_all<2>(rows);
    detail::swap_all<1>(rows);
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
