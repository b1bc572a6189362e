#include "../catch.hpp"

#include <walt/io/frames.hpp>

#include <limits>

namespace {
/// Every byte another one, beginning at `first`.
walt::video counting(int frames, int height, int width, int first) {
    walt::video made{frames, height, width, {}};
    for (std::size_t i = 0; i < static_cast<std::size_t>(frames) * made.frame_size(); ++i)
        made.rgb.push_back(static_cast<std::uint8_t>(static_cast<std::size_t>(first) + i));
    return made;
}
} // namespace

TEST_CASE("a batch of floats becomes one video a sample") {
    std::vector<float> pixels(2 * 3 * 4 * 5 * 3);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 256) / 127.5f - 1;
    const walt::view<const float, walt::dynamic, walt::dynamic, walt::dynamic, walt::dynamic, 3> batch(pixels.data(), 2,
                                                                                                       3, 4, 5);
    const auto videos = walt::to_videos(batch);
    REQUIRE(videos.size() == 2);
    for (std::size_t b = 0; b < 2; ++b) {
        CHECK((videos[b].frames == 3 && videos[b].height == 4 && videos[b].width == 5 && videos[b].complete()));
        for (std::size_t i = 0; i < videos[b].rgb.size(); ++i) REQUIRE(videos[b].rgb[i] == (b * 180 + i) % 256);
    }
    CHECK(walt::to_floats(videos[1])[0] == Approx(180 / 127.5 - 1));
    CHECK(*videos[1].frame(2) == (180 + 2 * 60) % 256);
}

TEST_CASE("floats are rounded and clamped, and what is not finite is refused") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const std::vector<float> pixels{-1, 1, 0.0039f, 0.0040f, 3e38f, -3e38f, -1e30f, 1e30f, -7};
    const auto bytes = [](const std::vector<float>& row) {
        const walt::view<const float, walt::dynamic, walt::dynamic, walt::dynamic, walt::dynamic, 3> image(
            row.data(), 1, 1, 1, static_cast<std::int64_t>(row.size() / 3));
        return walt::to_videos(image).front().rgb;
    };
    CHECK(bytes(pixels) == std::vector<std::uint8_t>{0, 255, 128, 128, 255, 0, 0, 255, 0});
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity})
        CHECK_THROWS_WITH(bytes({0, 0, 0, bad, 0, 0}), Catch::Contains("pixels of video 0 of 1 are not finite"));
    CHECK(bytes({-0.0079f, -0.0077f, 0}) == std::vector<std::uint8_t>{126, 127, 128});
}

TEST_CASE("tiles lie row after row with a gap") {
    const std::vector<walt::video> list{counting(2, 3, 4, 1), counting(2, 3, 4, 90), counting(2, 3, 4, 180)};
    const walt::video all = walt::tile(list, 2, 1);
    CHECK((all.frames == 2 && all.height == 7 && all.width == 9 && all.complete()));
    for (int f = 0; f < 2; ++f)
        for (int y = 0; y < 7; ++y)
            for (int x = 0; x < 9; ++x) {
                const std::size_t from = static_cast<std::size_t>(y / 4 * 2 + x / 5);
                const bool outside = y == 3 || x == 4 || from > 2;
                const int inside = outside ? 0 : *(list[from].frame(f) + 3 * (y % 4 * 4 + x % 5));
                REQUIRE(*(all.frame(f) + 3 * (y * 9 + x)) == (outside ? 24 : inside));
            }
    CHECK(walt::tile(std::span(list).first(1), 5, 3).rgb == list[0].rgb);
    const std::vector<walt::video> unlike{counting(2, 3, 4, 1), counting(2, 4, 3, 1)};
    CHECK_THROWS_WITH(walt::tile(unlike, 2), Catch::Contains("2 x 3 x 4") && Catch::Contains("2 x 4 x 3"));
    CHECK_THROWS_AS(walt::tile({}, 2), walt::error);
}

TEST_CASE("an enlarged pixel is a square") {
    const walt::video small = counting(2, 2, 3, 5), large = walt::upscale(small, 3);
    CHECK((large.frames == 2 && large.height == 6 && large.width == 9 && large.complete()));
    for (int y = 0; y < 6; ++y)
        for (int x = 0; x < 9; ++x)
            for (int c = 0; c < 3; ++c)
                REQUIRE(*(large.frame(1) + 3 * (y * 9 + x) + c) == *(small.frame(1) + 3 * (y / 3 * 3 + x / 3) + c));
    CHECK_THROWS_AS(walt::upscale(small, 0), walt::error);
    CHECK_THROWS_WITH(walt::upscale(small, 1'000'000), Catch::Contains("cannot be enlarged 1000000 times"));
    CHECK_THROWS_AS(walt::upscale(walt::video{1, 2, 3, {}}, 1), walt::error);
}
