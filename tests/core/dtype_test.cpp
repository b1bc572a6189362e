// bf16: every one of its values, and rounding to it; the names of element types.
#include "../catch.hpp"

#include <walt/core/dtype.hpp>

#include <cmath>
#include <limits>

using namespace walt;

namespace {
bf16 from_bits(std::uint32_t bits) {
    bf16 value;
    value.bits = static_cast<std::uint16_t>(bits);
    return value;
}
} // namespace

TEST_CASE("every bf16 survives the way through float", "[core]") {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const float value = from_bits(bits);
        const bf16 back(value);
        if (std::isnan(value)) REQUIRE(std::isnan(static_cast<float>(back)));
        else REQUIRE(back.bits == bits);
    }
}

TEST_CASE("between neighbours the nearest is taken, and the even one from the middle", "[core]") {
    for (std::uint32_t low = 0; low < 0x7f80; ++low) { // low and the next away from zero, of both signs
        const std::uint32_t even = low % 2 == 0 ? low : low + 1;
        for (const std::uint32_t sign : {0x0000u, 0x8000u}) {
            const auto rounded = [&](std::uint32_t rest) {
                return std::uint32_t{bf16(std::bit_cast<float>((sign | low) << 16 | rest)).bits};
            };
            REQUIRE(rounded(0x0001) == (sign | low));
            REQUIRE(rounded(0x7fff) == (sign | low));
            REQUIRE(rounded(0x8000) == (sign | even));
            REQUIRE(rounded(0x8001) == (sign | (low + 1)));
            REQUIRE(rounded(0xffff) == (sign | (low + 1)));
        }
    }
}

TEST_CASE("the ends of the range", "[core]") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    CHECK(static_cast<float>(bf16(infinity)) == infinity);
    CHECK(static_cast<float>(bf16(-infinity)) == -infinity);
    CHECK(static_cast<float>(bf16(std::numeric_limits<float>::max())) == infinity);
    CHECK(bf16(0.0f).bits == 0x0000);
    CHECK(bf16(-0.0f).bits == 0x8000);
    CHECK(bf16(1.0).bits == 0x3f80);
}

TEST_CASE("a NaN stays one, whichever of its bits are set", "[core]") {
    for (std::uint32_t rest = 1; rest < 0x800000; rest += 997)
        for (const std::uint32_t sign : {0u, 0x80000000u}) {
            const bf16 value(std::bit_cast<float>(sign | 0x7f800000u | rest));
            REQUIRE(std::isnan(static_cast<float>(value)));
            REQUIRE((value.bits & 0x8000u) == sign >> 16);
        }
}

TEST_CASE("rounding is a constant expression", "[core]") {
    STATIC_REQUIRE(bf16(3.14159265f).bits == 0x4049);
    STATIC_REQUIRE(static_cast<float>(bf16(0.1f)) == 0.10009765625f);
}

TEST_CASE("sums are kept in float, and in double for double", "[core]") {
    STATIC_REQUIRE(std::is_same_v<accumulate_t<bf16>, float>);
    STATIC_REQUIRE(std::is_same_v<accumulate_t<const float>, float>);
    STATIC_REQUIRE(std::is_same_v<accumulate_t<const double>, double>);
}

TEST_CASE("element types have the names of safetensors", "[core]") {
    CHECK(dtype_name<float>() == "F32");
    CHECK(dtype_name<double>() == "F64");
    CHECK(dtype_name<bf16>() == "BF16");
    CHECK(dtype_name<std::int32_t>() == "I32");
    CHECK(dtype_name<std::int64_t>() == "I64");
    CHECK(dtype_name<const std::uint8_t>() == "U8");
}
