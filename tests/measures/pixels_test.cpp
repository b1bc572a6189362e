// PSNR and SSIM: the golden file, values known by hand, messages.
#include "../catch.hpp"

#include <walt/measures/pixels.hpp>
#include <walt/testing/golden.hpp>
#include <walt/testing/gradient_check.hpp>

#include <algorithm>
#include <filesystem>
#include <limits>

using namespace walt;

namespace {
clips clips_of(const video_shape& shape, float value) {
    return {.shape = shape, .pixels = std::vector<float>(static_cast<std::size_t>(shape.size()), value)};
}
} // namespace

TEST_CASE("PSNR and SSIM equal their golden file", "[measures][golden]") {
    const testing::golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden/recipe/measures.safetensors");
    const video_shape shape{1, 2, 20, 24, 3}; // PSNR: one value over all pixels
    const auto read = [&](const char* name) {
        clips made{.shape = shape};
        for (const double pixel : golden.values<double>(name)) made.pixels.push_back(static_cast<float>(2 * pixel - 1));
        return made;
    };
    const clips x = read("in.x"), y = read("in.y");
    CHECK(psnr(x, y) == Approx(golden.scalar("out.psnr")).epsilon(1e-6));
    CHECK(ssim(x, y) == Approx(golden.scalar("out.ssim")).epsilon(1e-6));
}

TEST_CASE("PSNR is each clip's, in dB, averaged", "[measures]") {
    const video_shape shape{2, 3, 4, 5, 3};
    clips x = clips_of(shape, 0), y = clips_of(shape, 0.2f); // 0.1 of [0, 1]: 20 dB
    CHECK(psnr(x, y) == Approx(20).epsilon(1e-6));
    for (std::size_t i = y.pixels.size() / 2; i < y.pixels.size(); ++i) y.pixels[i] = 0.02f; // the second clip: 40 dB
    CHECK(psnr(x, y) == Approx(30).epsilon(1e-6));
    CHECK(std::isinf(psnr(x, x)));
    CHECK(psnr(clips_of(shape, -1), clips_of(shape, -3)) == psnr(x, x)); // clamped
}

TEST_CASE("SSIM of equals is one, of grey frames what their means say", "[measures]") {
    const video_shape shape{1, 2, 12, 15, 2};
    clips x = clips_of(shape, 0);
    testing::fill_normal(x.pixels, 1, 0.3);
    CHECK(ssim(x, x) == Approx(1).epsilon(1e-12));
    const double a = 0.5, b = 0.7, c = 0.01 * 0.01;
    CHECK(ssim(clips_of(shape, 0), clips_of(shape, 0.4f)) ==
          Approx((2 * a * b + c) / (a * a + b * b + c)).epsilon(1e-6));
    clips turned = x;
    for (float& pixel : turned.pixels) pixel = -pixel;
    CHECK(ssim(x, turned) < 0);
}

TEST_CASE("a pixel that is no number is said, with its clip or frame", "[measures]") {
    const clips x = clips_of({2, 2, 12, 12, 3}, 0);
    clips spoilt = x;
    spoilt.pixels[static_cast<std::size_t>(x.shape.sample() + 700)] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(psnr(x, spoilt), Catch::Equals("psnr: clip 1 has a pixel that is no number"));
    CHECK_THROWS_WITH(ssim(spoilt, x), Catch::Equals("ssim: frame 3 has a pixel that is no number"));
}

TEST_CASE("what cannot be compared is said with both shapes", "[measures]") {
    CHECK_THROWS_WITH(psnr(clips_of({1, 2, 12, 12, 3}, 0), clips_of({1, 2, 12, 13, 3}, 0)),
                      Catch::Contains("psnr: 1 x 2 x 12 x 12 x 3 (clips, frames, height, width, channels) cannot be "
                                      "compared with 1 x 2 x 12 x 13 x 3"));
    CHECK_THROWS_WITH(ssim(clips_of({1, 1, 10, 12, 3}, 0), clips_of({1, 1, 10, 12, 3}, 0)),
                      Catch::Contains("frames of 10 x 12 are less than the window"));
}

TEST_CASE("pixels that are missing in either do not count, whatever stands there", "[measures]") {
    const video_shape shape{2, 2, 13, 14, 2};
    clips x = clips_of(shape, 0), y = clips_of(shape, 0.2f); // 20 dB where they are compared
    const std::size_t area = 13 * 14;
    const auto lose = [&](clips& of, std::size_t frame, std::size_t row, std::size_t column, float under) {
        if (of.present.empty()) of.present.assign(4 * area, 1);
        const std::size_t at = frame * area + row * 14 + column;
        of.present[at] = 0;
        of.pixels[2 * at] = of.pixels[2 * at + 1] = under;
    };
    const double whole = ssim(x, y);
    lose(x, 0, 6, 0, std::numeric_limits<float>::quiet_NaN());
    lose(y, 3, 12, 7, -1);
    CHECK(psnr(x, y) == Approx(20).epsilon(1e-6));
    CHECK(ssim(x, y) == Approx(whole).epsilon(1e-9)); // all windows of flat frames are the same

    // SSIM is the mean over windows that are wholly present: of frame 0 those that begin in columns 1 to 3.
    testing::fill_normal(y.pixels, 1, 0.3);
    x = y;
    for (float& pixel : x.pixels) pixel *= 0.8f;
    x.present.clear(), y.present.clear();
    clips parts_x{.shape = {1, 1, 13, 13, 2}}, parts_y = parts_x; // frame 0 without its first column
    for (std::size_t i = 0; i < 2 * area; ++i)
        if (i / 2 % 14 != 0) parts_x.pixels.push_back(x.pixels[i]), parts_y.pixels.push_back(y.pixels[i]);
    clips first_x = x.frames(0, 1), first_y = y.frames(0, 1);
    first_x.shape.count = first_y.shape.count = 1;
    first_x.pixels.resize(2 * area), first_y.pixels.resize(2 * area);
    lose(first_x, 0, 6, 0, std::numeric_limits<float>::quiet_NaN());
    first_x.present.resize(area);
    CHECK(ssim(first_x, first_y) == Approx(ssim(parts_x, parts_y)).epsilon(1e-12));
    CHECK(ssim(first_y, first_x) == Approx(ssim(parts_x, parts_y)).epsilon(1e-12));

    // A clip without a pixel has no PSNR; the others' mean is over the others.
    y = clips_of(shape, 0.2f), x = clips_of(shape, 0);
    x.present.assign(4 * area, 1);
    std::fill_n(x.present.begin(), 2 * area, 0);
    std::fill_n(x.pixels.begin(), 4 * area, std::numeric_limits<float>::quiet_NaN());
    CHECK(psnr(x, y) == Approx(20).epsilon(1e-6));
    x.present.assign(4 * area, 0);
    CHECK_THROWS_WITH(psnr(x, y), Catch::Contains("none of 2 clips has a pixel"));
    CHECK_THROWS_WITH(ssim(x, y), Catch::Contains("in 4 frames of 13 x 14 no window"));
}
