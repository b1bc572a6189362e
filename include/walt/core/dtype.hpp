// Element types: bf16, the type that sums are kept in, and the names that files use.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "walt cannot be compiled with -ffast-math: the guards of weights against NaN would be compiled away"
#endif

#if defined(__CUDACC__)
#define WALT_HD __host__ __device__
#else
#define WALT_HD
#endif

namespace walt {

/// std::bit_cast for host and device (nvcc takes the standard's for the host's only).
template <class To, class From> WALT_HD constexpr To bit_cast(From value) { return __builtin_bit_cast(To, value); }

/// The upper half of a float32: 8 bits of exponent, 7 of mantissa. Conversion rounds to nearest, ties to even.
struct bf16 {
    std::uint16_t bits;

    bf16() = default;
    WALT_HD constexpr explicit bf16(float value) : bits(round(walt::bit_cast<std::uint32_t>(value))) {}
    WALT_HD constexpr explicit bf16(double value) : bf16(static_cast<float>(value)) {}
    WALT_HD constexpr operator float() const { return walt::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

  private:
    WALT_HD static constexpr std::uint16_t round(std::uint32_t word) {
        const bool nan = (word & 0x7fffffffu) > 0x7f800000u;
        const std::uint32_t nearest = (word + 0x7fffu + ((word >> 16) & 1u)) >> 16;
        return static_cast<std::uint16_t>(nan ? (word >> 16) | 0x40u : nearest);
    }
};
static_assert(sizeof(bf16) == 2);

namespace detail {
template <class T> struct accumulate { using type = float; };
template <> struct accumulate<double> { using type = double; };
} // namespace detail

/// What statistics, sums, masters and the residual stream are kept in: float, or double for double.
template <class T> using accumulate_t = typename detail::accumulate<std::remove_cv_t<T>>::type;

/// The element type's name in a safetensors file.
template <class T> constexpr std::string_view dtype_name() {
    using element = std::remove_cv_t<T>;
    if constexpr (std::is_same_v<element, float>) return "F32";
    else if constexpr (std::is_same_v<element, double>) return "F64";
    else if constexpr (std::is_same_v<element, bf16>) return "BF16";
    else if constexpr (std::is_same_v<element, std::int32_t>) return "I32";
    else if constexpr (std::is_same_v<element, std::int64_t>) return "I64";
    else if constexpr (std::is_same_v<element, std::uint8_t>) return "U8";
    else
        static_assert(sizeof(T) == 0,
                      "walt stores F32, F64, BF16, I32, I64 and U8 elements; this type is none of them");
}

} // namespace walt
