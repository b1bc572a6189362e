// exp, SiLU and GELU in float without branches or tables, so that loops over them vectorise.
#pragma once

#include "../../core/instruction_set.hpp"
#include "../pointwise.hpp"
#include "float_vector.hpp"

#include <bit>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// e^x within 2 units in the last place; 0 below -87, about 6e37 above 87.
inline float fast_exp(float x) {
    const float bounded = x < -87.0f ? -87.0f : (x > 87.0f ? 87.0f : x);
    const float shifted = bounded * 1.44269504f + 12582912.0f; // 1.5 * 2^23: the low bits are round(x / ln 2)
    const float n = shifted - 12582912.0f;
    const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const float e = (p * r) * r + r + 1.0f;
    const std::uint32_t scale = (std::bit_cast<std::uint32_t>(shifted) + 127u) << 23;
    const float result = e * std::bit_cast<float>(scale);
    return x < -87.0f ? 0.0f : result;
}

/// s = 1 / (1 + e^-x), within 6 units in the last place; some number where x is none: who calls multiplies by x.
[[gnu::always_inline]] inline void sigmoid(float_vector& s, const float_vector& x) {
    float_vector e = -x;
    lower(e, float_vector{} + 87.0f);
    exp_in_place(e);
    e += 1.0f;
#if defined(__AVX512F__)
    const auto about = __builtin_ia32_rcp14ps512_mask(e, float_vector{}, 0xffff);
    s = about * (2.0f - e * about); // Newton: a division takes as long as all the rest
#else
    s = 1.0f / e;
#endif
}

/// An activation of walt::activation with fast_exp in place of std::exp; any other one as it is. in_place(v) makes x
/// its value and slope_of(v) its slope, in sixteen lanes.
template <class Activation> struct vector_math : Activation {
    static void in_place(float_vector& x) {
        for (int i = 0; i < vector_lanes; ++i) x[i] = Activation::value(x[i]);
    }
    static void slope_of(float_vector& x) {
        for (int i = 0; i < vector_lanes; ++i) x[i] = Activation::slope(x[i]);
    }
};

template <> struct vector_math<activation::silu> {
    [[gnu::always_inline]] static void in_place(float_vector& x) {
        float_vector s;
        sigmoid(s, x);
        x *= s;
    }
    [[gnu::always_inline]] static void slope_of(float_vector& x) {
        float_vector s;
        sigmoid(s, x);
        x = s * (1.0f + x * (1.0f - s));
    }
    static float value(float x) { return x / (1.0f + fast_exp(-x)); }
    static float slope(float x) {
        const float s = 1.0f / (1.0f + fast_exp(-x));
        return s * (1.0f + x * (1.0f - s));
    }
};

template <> struct vector_math<activation::gelu> {
    [[gnu::always_inline]] static void in_place(float_vector& x) {
        float_vector s;
        sigmoid(s, 1.5957691216057308f * x * (1.0f + 0.044715f * (x * x)));
        x *= s;
    }
    [[gnu::always_inline]] static void slope_of(float_vector& x) {
        const float_vector square = x * x;
        float_vector s;
        sigmoid(s, 1.5957691216057308f * x * (1.0f + 0.044715f * square));
        x = s + x * s * (1.0f - s) * 1.5957691216057308f * (1.0f + 0.134145f * square);
    }
    static float gate(float x) { return 1.0f / (1.0f + fast_exp(-1.5957691216057308f * (x + 0.044715f * x * x * x))); }
    static float value(float x) { return x * gate(x); }
    static float slope(float x) {
        const float s = gate(x);
        return s + x * s * (1.0f - s) * 1.5957691216057308f * (1.0f + 0.134145f * x * x);
    }
};

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
