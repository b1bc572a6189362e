// Pictures and videos: what is written is read back, and what is broken is refused with the file's name.
#include "catch.hpp"

#include <walt/io/gif.hpp>
#include <walt/io/jpeg.hpp>
#include <walt/io/mp4.hpp>
#include <walt/io/plot.hpp>
#include <walt/io/png.hpp>

using namespace walt;

namespace {

std::filesystem::path file_name(const std::string& name) { return std::filesystem::temp_directory_path() / ("walt_media_" + name); }

/// A square that moves over a gradient.
video moving_square(int frames, int height, int width) {
    video made{frames, height, width, {}};
    made.rgb.resize(static_cast<std::size_t>(frames) * made.frame_size());
    for (int f = 0; f < frames; ++f)
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                const bool inside = x >= 3 + 2 * f && x < 13 + 2 * f && y >= 8 && y < 20;
                std::uint8_t* pixel = made.frame(f) + 3 * (y * width + x);
                pixel[0] = static_cast<std::uint8_t>(inside ? 220 : 40 + x);
                pixel[1] = static_cast<std::uint8_t>(inside ? 40 : 60 + y);
                pixel[2] = 50;
            }
    return made;
}

double mean_difference(const video& a, const video& b) {
    REQUIRE(a.rgb.size() == b.rgb.size());
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(static_cast<double>(a.rgb[i]) - static_cast<double>(b.rgb[i]));
    return sum / static_cast<double>(a.rgb.size());
}

} // namespace

TEST_CASE("floats become bytes and come back") {
    const std::vector<float> pixels{-1, 0, 1, 2, -2, std::nanf(""), 0.5f, -0.5f, 0.25f, 0, 0, 0};
    const auto list = to_videos(pixels, 2, 1, 2, 1);
    REQUIRE(list.size() == 2);
    CHECK(list[0].rgb == std::vector<std::uint8_t>{0, 128, 255, 255, 0, 0});
    CHECK(to_floats(list[0])[2] == 1.0f);
    CHECK_THROWS_WITH(to_videos(pixels, 1, 1, 2, 1), Catch::Contains("have 6 numbers; 12 came"));
}

TEST_CASE("a PNG is read back byte for byte") {
    const video from = moving_square(2, 24, 31);
    write_png(file_name("a.png"), from, 1);
    const video back = read_png(file_name("a.png"));
    CHECK(back.height == 24);
    CHECK(back.width == 31);
    CHECK(std::equal(back.rgb.begin(), back.rgb.end(), from.frame(1)));
}

TEST_CASE("a grid has a row for every video") {
    const std::vector<video> list{moving_square(5, 24, 31), moving_square(5, 24, 31)};
    write_png_grid(file_name("grid.png"), list, 2); // frames 0, 2, 4
    const video grid = read_png(file_name("grid.png"));
    CHECK(grid.height == 24 * 2 + 2);
    CHECK(grid.width == 31 * 3 + 4);
}

TEST_CASE("a GIF decodes to nearly the frames that it was made of") {
    const video from = moving_square(6, 24, 32);
    write_gif(file_name("a.gif"), from, 10);
    const video back = read_video(file_name("a.gif"));
    CHECK(back.frames == 6);
    CHECK(mean_difference(from, back) < 6);
}

TEST_CASE("a GIF of noise outgrows its code table and still decodes") {
    video noise{2, 80, 90, {}};
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < 2 * noise.frame_size(); ++i) noise.rgb.push_back(static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24));
    write_gif(file_name("noise.gif"), noise);
    const video back = read_video(file_name("noise.gif"));
    CHECK(back.frames == 2);
    CHECK(mean_difference(noise, back) < 25); // 256 colours for all of RGB
}

TEST_CASE("an MP4 decodes to nearly the frames that it was made of") {
    const video from = moving_square(7, 26, 34);
    write_mp4(file_name("a.mp4"), from, 8);
    const video back = read_video(file_name("a.mp4"));
    CHECK(back.frames == 7);
    CHECK(back.height == 26 * 8); // enlarged to 192 pixels or more
    CHECK(mean_difference(upscale(from, 8), back) < 6);
    const video clip = read_clip(file_name("a.mp4"), 2, 2, 3);
    CHECK(clip.frames == 2);
    CHECK(mean_difference(clip, video{2, back.height, back.width, [&] {
                                          std::vector<std::uint8_t> both(back.frame(2), back.frame(2) + back.frame_size());
                                          both.insert(both.end(), back.frame(5), back.frame(5) + back.frame_size());
                                          return both;
                                      }()}) == 0);
    CHECK_THROWS_WITH(read_clip(file_name("a.mp4"), 90, 1), Catch::Contains("7 frames") && Catch::Contains("90"));
}

TEST_CASE("what is broken is refused with its name") {
    for (const char* name : {"broken.png", "broken.jpg", "broken.mp4"}) write_atomically(file_name(name), "this is none of these");
    CHECK_THROWS_WITH(read_png(file_name("broken.png")), Catch::Contains("broken.png"));
    CHECK_THROWS_WITH(read_jpeg(file_name("broken.jpg")), Catch::Contains("broken.jpg"));
    CHECK_THROWS_WITH(read_video(file_name("broken.mp4")), Catch::Contains("broken.mp4"));
    CHECK_THROWS_WITH(read_png(file_name("absent.png")), Catch::Contains("absent.png"));
    write_png(file_name("cut.png"), moving_square(1, 24, 31));
    std::filesystem::resize_file(file_name("cut.png"), std::filesystem::file_size(file_name("cut.png")) / 2);
    CHECK_THROWS_AS(read_png(file_name("cut.png")), error);
}

TEST_CASE("a write that cannot be done says so and leaves nothing behind") {
    CHECK_THROWS_WITH(write_gif("/nonexistent/folder/a.gif", moving_square(1, 8, 8)), Catch::Contains("/nonexistent/folder/a.gif"));
    CHECK_THROWS_WITH(write_mp4("/nonexistent/folder/a.mp4", moving_square(1, 8, 8)), Catch::Contains("/nonexistent/folder/a.mp4"));
}

TEST_CASE("a plot is an SVG with a line for every curve") {
    const std::vector<curve> curves{{"a & b", {{0, 1}, {10, 0.1}, {20, 0.01}}}, {"c", {{0, 2}, {20, 1}}}};
    write_curves(file_name("plot.svg"), "loss", "step", "value", curves, true);
    std::ifstream file(file_name("plot.svg"));
    const std::string svg((std::istreambuf_iterator<char>(file)), {});
    CHECK(svg.find("a &amp; b") != std::string::npos);
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = svg.find("<polyline", at)) != std::string::npos; ++at) ++lines;
    CHECK(lines == 2);
}
