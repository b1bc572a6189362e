// Philox4x32-10: known answers, and the distributions made from it.
#include "../catch.hpp"

#include <walt/core/philox.hpp>

#include <set>
#include <vector>

using namespace walt;

namespace {
bool equal(const philox_block& block, std::initializer_list<std::uint32_t> words) {
    return std::equal(words.begin(), words.end(), block.word);
}

/// The correlation of two sequences of normals.
double correlation(const philox& a, const philox& b, std::uint64_t shift = 0) {
    constexpr std::uint64_t count = 100'000;
    double product = 0;
    for (std::uint64_t i = 0; i < count; ++i)
        product += static_cast<double>(a.normal(i)) * static_cast<double>(b.normal(i + shift));
    return product / static_cast<double>(count);
}
} // namespace

TEST_CASE("the known answers of Random123", "[core]") {
    CHECK(equal(philox4x32_10({{0, 0, 0, 0}}, 0, 0), {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    constexpr std::uint32_t ones = 0xffffffff;
    CHECK(
        equal(philox4x32_10({{ones, ones, ones, ones}}, ones, ones), {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    CHECK(equal(philox4x32_10({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0),
                {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST_CASE("the index is the low half of the counter, the stream the high half, the seed the key", "[core]") {
    constexpr philox numbers{0x299f31d0'a4093822, 0x03707344'13198a2e};
    constexpr philox_block block = numbers.block(0x85a308d3'243f6a88); // also at compile time
    CHECK(equal(block, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST_CASE("element i is word i % 4 of block i / 4", "[core]") {
    const philox numbers{5, 7};
    for (std::uint64_t i = 0; i < 40; ++i) {
        CHECK(numbers.bits(i) == numbers.block(i / 4).word[i % 4]);
        float four[4];
        numbers.normals(i / 4, four);
        CHECK(numbers.normal(i) == four[i % 4]);
    }
}

TEST_CASE("uniforms lie strictly between 0 and 1", "[core]") {
    CHECK(detail::unit_float(0) > 0.0f);
    CHECK(detail::unit_float(0xffffffff) < 1.0f);

    const philox numbers{11, 13};
    constexpr std::uint64_t count = 200'000;
    double sum = 0, squares = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const double u = static_cast<double>(numbers.uniform(i));
        REQUIRE((u > 0 && u < 1));
        sum += u;
        squares += u * u;
    }
    CHECK(sum / count == Approx(0.5).margin(4 * 0.2887 / std::sqrt(count)));
    CHECK(squares / count == Approx(1.0 / 3).margin(4 * 0.2981 / std::sqrt(count)));
}

TEST_CASE("integers below a count are all hit, equally often", "[core]") {
    const philox numbers{17, 19};
    std::vector<int> hits(7);
    for (std::uint64_t i = 0; i < 70'000; ++i) ++hits.at(numbers.below(i, 7));
    for (const int hit : hits) CHECK(hit == Approx(10'000).margin(4 * 93));
    CHECK(numbers.below(0, 1) == 0);
}

TEST_CASE("normals have the moments of the standard normal distribution", "[core]") {
    const philox numbers{23, 29};
    constexpr std::uint64_t count = 400'000;
    double moment[5] = {};
    std::uint64_t beyond_two = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const double x = static_cast<double>(numbers.normal(i));
        for (double power = 1; double& m : moment) {
            m += power / count;
            power *= x;
        }
        beyond_two += std::abs(x) > 2;
    }
    const double deviation = 1 / std::sqrt(static_cast<double>(count)); // of a mean; times each power's own deviation
    CHECK(moment[1] == Approx(0).margin(4 * deviation));
    CHECK(moment[2] == Approx(1).margin(4 * std::sqrt(2.0) * deviation));
    CHECK(moment[3] == Approx(0).margin(4 * std::sqrt(15.0) * deviation));
    CHECK(moment[4] == Approx(3).margin(4 * std::sqrt(96.0) * deviation));
    CHECK(static_cast<double>(beyond_two) / count == Approx(0.0455003).margin(4 * 0.2084 * deviation));
}

TEST_CASE("the logarithm, the sine and the cosine are those of the library to float's precision", "[core]") {
    const philox numbers{31, 37};
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        const float u = i == 0 ? detail::unit_float(0) : i == 1 ? detail::unit_float(0xffffffff) : numbers.uniform(i);
        const double exact = static_cast<double>(u), angle = 2 * 3.14159265358979323846 * exact;
        REQUIRE(static_cast<double>(detail::minus_two_log(u)) == Approx(-2 * std::log(exact)).epsilon(3e-7));
        const auto [sine, cosine] = detail::turn(u);
        REQUIRE(static_cast<double>(sine) == Approx(std::sin(angle)).margin(3e-7));
        REQUIRE(static_cast<double>(cosine) == Approx(std::cos(angle)).margin(3e-7));
    }
}

TEST_CASE("neighbouring seeds, streams and indices are independent", "[core]") {
    const double bound = 4 / std::sqrt(100'000.0);
    const philox numbers{41, 43};
    CHECK(correlation(numbers, numbers) == Approx(1).margin(4 * std::sqrt(2.0 / 100'000)));
    CHECK(std::abs(correlation(numbers, {42, 43})) < bound);
    CHECK(std::abs(correlation(numbers, {41, 44})) < bound);
    CHECK(std::abs(correlation(numbers, {43, 41})) < bound);
    for (const std::uint64_t shift : {1, 2, 3, 4}) CHECK(std::abs(correlation(numbers, numbers, shift)) < bound);

    std::set<std::uint32_t> words;
    for (std::uint64_t seed = 0; seed < 5; ++seed)
        for (std::uint64_t stream = 0; stream < 7; ++stream)
            for (std::uint64_t i = 0; i < 11; ++i) words.insert(philox{seed, stream}.bits(i));
    CHECK(words.size() == 5 * 7 * 11);
}
