#include "../catch.hpp"

#include <walt/data/resize.hpp>

#include <cmath>
#include <limits>

namespace {
std::vector<float> resized(const std::vector<std::uint8_t>& from, int h, int w, int out_h, int out_w,
                           walt::crop keep = {}) {
    std::vector<float> to(static_cast<std::size_t>(3 * out_h * out_w));
    walt::resizer(h, w, out_h, out_w, keep)(from.data(), to.data());
    return to;
}
/// value(y, x, c) for every pixel.
template <class Value> std::vector<std::uint8_t> picture(int h, int w, Value value) {
    std::vector<std::uint8_t> rgb;
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x)
            for (int c = 0; c < 3; ++c) rgb.push_back(static_cast<std::uint8_t>(value(y, x, c)));
    return rgb;
}
} // namespace

TEST_CASE("the same size keeps every pixel") {
    const auto from = picture(5, 7, [](int y, int x, int c) { return 40 * y + 5 * x + c; });
    const auto to = resized(from, 5, 7, 5, 7);
    for (std::size_t i = 0; i < to.size(); ++i) CHECK(to[i] == Approx(from[i] / 127.5 - 1).margin(1e-6));
}

TEST_CASE("a flat picture stays flat, a linear one linear, at any scale") {
    const auto flat = picture(11, 9, [](int, int, int c) { return 20 + 100 * c; });
    for (const int size : {3, 8, 30}) {
        const auto to = resized(flat, 11, 9, size, size + 1);
        for (std::size_t i = 0; i < to.size(); ++i)
            CHECK(to[i] == Approx((20.0 + 100.0 * static_cast<double>(i % 3)) / 127.5 - 1).margin(1e-5));
    }
    // 48 x 24 to 8 x 4: output (y, x) is centred at 6 y + 2.5, 6 x + 2.5; a triangle of reach 6 is whole inside of the
    // rim.
    const auto ramp = picture(48, 24, [](int y, int x, int) { return 3 * y + 2 * x; });
    const auto to = resized(ramp, 48, 24, 8, 4);
    for (int y = 1; y < 7; ++y)
        for (int x = 1; x < 3; ++x)
            CHECK(to[static_cast<std::size_t>(3 * (4 * y + x))] ==
                  Approx((3 * (6 * y + 2.5) + 2 * (6 * x + 2.5)) / 127.5 - 1).margin(1e-5));
}

TEST_CASE("shrinking averages stripes away instead of picking some of them") {
    const auto stripes = picture(64, 64, [](int, int x, int) { return x % 2 ? 255 : 0; });
    const auto to = resized(stripes, 64, 64, 9, 9);
    for (const float value : to) CHECK(std::abs(value) < 0.06f);
}

TEST_CASE("the shorter side fills the output and the crop keeps the part asked for") {
    const auto halves = picture(10, 40, [](int, int x, int) { return x < 20 ? 0 : 255; }); // 1 : 4
    const auto left = resized(halves, 10, 40, 5, 5, {.x = 0}), right = resized(halves, 10, 40, 5, 5, {.x = 1});
    const auto middle = resized(halves, 10, 40, 5, 5);
    for (std::size_t i = 0; i < left.size(); ++i) {
        CHECK(left[i] == -1.0f);
        CHECK(right[i] == 1.0f);
    }
    CHECK(middle[0] == -1.0f);
    CHECK(middle[3 * 4] == 1.0f);
    CHECK(middle[3 * 2] == Approx(0).margin(1e-5));
    const auto tall = picture(40, 10, [](int y, int, int) { return y < 20 ? 0 : 255; });
    CHECK(resized(tall, 40, 10, 5, 5, {.y = 0}).back() == -1.0f);
    CHECK(resized(tall, 40, 10, 5, 5, {.y = 1}).front() == 1.0f);
}

TEST_CASE("a crop that leaves the picture is refused by name") {
    const auto grey = picture(4, 8, [](int, int, int) { return 127; });
    CHECK_THROWS_WITH(resized(grey, 4, 8, 4, 4, {.x = 2}), "crop::x must be 0 to 1; it is 2");
    CHECK_THROWS_WITH(resized(grey, 4, 8, 4, 4, {.y = -1}), "crop::y must be 0 to 1; it is -1");
    for (const float other : {-0.01f, 1.01f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
        CHECK_THROWS_AS(resized(grey, 4, 8, 4, 4, {.x = other}), walt::error);
        CHECK_THROWS_AS(resized(grey, 4, 8, 4, 4, {.y = other}), walt::error);
    }
}

TEST_CASE("one pixel fills any size, and no pixels are refused") {
    for (const float value : resized({255, 255, 255}, 1, 1, 4, 6)) CHECK(value == 1.0f);
    CHECK_THROWS_AS(walt::resizer(0, 3, 4, 4), walt::error);
    CHECK_THROWS_AS(walt::resizer(3, 3, 4, 0), walt::error);
}
