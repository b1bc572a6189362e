// PSNR and SSIM: the golden file, values known by hand, messages.
#include "../catch.hpp"

#include <walt/measures/pixels.hpp>
#include <walt/testing/golden.hpp>
#include <walt/testing/gradient_check.hpp>

#include <filesystem>

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

TEST_CASE("what cannot be compared is said with both shapes", "[measures]") {
    CHECK_THROWS_WITH(psnr(clips_of({1, 2, 12, 12, 3}, 0), clips_of({1, 2, 12, 13, 3}, 0)),
                      Catch::Contains("psnr: 1 x 2 x 12 x 12 x 3 (clips, frames, height, width, channels) cannot be "
                                      "compared with 1 x 2 x 12 x 13 x 3"));
    CHECK_THROWS_WITH(ssim(clips_of({1, 1, 10, 12, 3}, 0), clips_of({1, 1, 10, 12, 3}, 0)),
                      Catch::Contains("frames of 10 x 12 are less than the window"));
}
