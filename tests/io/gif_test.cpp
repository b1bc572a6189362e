#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/core/philox.hpp>
#include <walt/io/gif.hpp>
#include <walt/io/mp4.hpp>
#include <walt/io/read_file.hpp>

#include <set>

namespace {

double mean_difference(const walt::video& a, const walt::video& b) {
    REQUIRE(a.rgb.size() == b.rgb.size());
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(a.rgb[i] - b.rgb[i]);
    return sum / static_cast<double>(a.rgb.size());
}
/// A bright square that moves over a gradient of many colours.
walt::video moving_square(int frames, int height, int width) {
    walt::video made{frames, height, width, {}};
    for (int f = 0; f < frames; ++f)
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                const bool inside = x >= 2 * f && x < 2 * f + 9 && y >= 5 && y < 14;
                for (const int level : {inside ? 250 : 3 * x, inside ? 240 : 4 * y, inside ? 30 : 2 * (x + y)})
                    made.rgb.push_back(static_cast<std::uint8_t>(level));
            }
    return made;
}

} // namespace

TEST_CASE("256 colours or fewer come back exactly") {
    const temporary_folder folder;
    walt::video from{3, 17, 29, {}};
    const walt::philox numbers{1, 1};
    for (std::uint64_t i = 0; i < 3 * 17 * 29; ++i) {
        const std::uint32_t one = numbers.below(i, 256); // of 256 colours, black and white among them
        for (const std::uint32_t level : {one, one / 2 + (one & 1) * 128, 255 - (255 - one) * (255 - one) / 255})
            from.rgb.push_back(static_cast<std::uint8_t>(level));
    }
    walt::write_gif(folder.path / "a.gif", from);
    const walt::video back = walt::read_video(folder.path / "a.gif");
    CHECK((back.frames == 3 && back.height == 17 && back.width == 29));
    CHECK(back.rgb == from.rgb);
    const walt::video pixel{1, 1, 1, {7, 8, 9}};
    walt::write_gif(folder.path / "b.gif", pixel);
    CHECK(walt::read_video(folder.path / "b.gif").rgb == pixel.rgb);
}

TEST_CASE("many colours come back nearly, at the rate they were given") {
    const temporary_folder folder;
    const walt::video from = moving_square(9, 48, 64);
    walt::write_gif(folder.path / "a.gif", from, 8);
    const walt::video back = walt::read_video(folder.path / "a.gif");
    CHECK((back.frames == 9 && back.height == 48 && back.width == 64));
    CHECK(mean_difference(from, back) < 5);
    CHECK(walt::probe(folder.path / "a.gif").frames == 9);
    // Eight frames a second are 12.5 hundredths each: 13 and 12 by turns, so that a second is a second.
    const std::vector<std::byte> bytes = walt::read_file(folder.path / "a.gif");
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::vector<int> delays;
    for (std::size_t at = 0; (at = text.find(std::string("\x21\xF9\x04\x04", 4), at)) != std::string::npos; ++at)
        delays.push_back(text[at + 4]);
    CHECK(delays == std::vector<int>{13, 12, 13, 12, 13, 12, 13, 12, 13});
    CHECK(text.find("NETSCAPE2.0") != std::string::npos);
}

TEST_CASE("dithering keeps the mean colour and does not flicker") {
    walt::video from = moving_square(6, 40, 64);
    const walt::indexed_video reduced = walt::reduce_colours(from);
    CHECK(reduced.palette.size() == 256);
    double sum = 0, wanted = 0;
    for (std::size_t i = 0; i < reduced.indices.size(); ++i)
        for (std::size_t k = 0; k < 3; ++k)
            sum += reduced.palette[reduced.indices[i]][k], wanted += from.rgb[3 * i + k];
    CHECK(sum / static_cast<double>(from.rgb.size()) ==
          Approx(wanted / static_cast<double>(from.rgb.size())).margin(0.5));
    const std::size_t pixels = from.frame_size() / 3;
    for (std::size_t i = pixels; i < reduced.indices.size(); ++i)
        if (std::equal(&from.rgb[3 * i], &from.rgb[3 * i] + 3, &from.rgb[3 * (i - pixels)]))
            REQUIRE(reduced.indices[i] == reduced.indices[i - pixels]);
    std::set<int> thresholds;
    for (int i = 0; i < 64; ++i) thresholds.insert(walt::detail::bayer(i / 8, i % 8));
    CHECK((thresholds.size() == 64 && *thresholds.begin() == 0 && *thresholds.rbegin() == 63));
}

TEST_CASE("a black ground stays black in a video of many colours") {
    walt::video from{1, 64, 64, {}};
    const walt::philox numbers{2, 2};
    for (std::uint64_t i = 0; i < 64 * 64 * 3; ++i)
        from.rgb.push_back(i < 64 * 40 * 3 ? std::uint8_t{0} : static_cast<std::uint8_t>(numbers.bits(i)));
    const walt::indexed_video reduced = walt::reduce_colours(from);
    for (std::size_t i = 0; i < 64 * 40; ++i) REQUIRE(reduced.palette[reduced.indices[i]] == walt::colour{0, 0, 0});
}

TEST_CASE("codes of every width, a full table, and what ends on the verge of both") {
    const temporary_folder folder;
    const walt::philox numbers{5, 5};
    for (const int width : {1,   2,   3,   127,  253,  254,  255,  256,  257,  509,  510, 511,
                            512, 766, 767, 1790, 1791, 3836, 3837, 3838, 3839, 3840, 9001}) {
        walt::video from{1, 1, width, {}};
        for (int i = 0; i < width; ++i)
            from.rgb.insert(from.rgb.end(), 3, static_cast<std::uint8_t>(numbers.bits(static_cast<std::uint64_t>(i))));
        walt::write_gif(folder.path / "a.gif", from);
        INFO("width " << width);
        CHECK(walt::read_video(folder.path / "a.gif").rgb == from.rgb);
    }
    walt::video flat{2, 300, 400, std::vector<std::uint8_t>(2 * 3 * 300 * 400, 9)};
    walt::write_gif(folder.path / "flat.gif", flat);
    CHECK(walt::read_video(folder.path / "flat.gif").rgb == flat.rgb);
    CHECK(std::filesystem::file_size(folder.path / "flat.gif") < 5000);
}

TEST_CASE("several videos side by side are one GIF") {
    const temporary_folder folder;
    const std::vector<walt::video> list(3, moving_square(4, 20, 24));
    walt::write_gif(folder.path / "a.gif", walt::tile(list, 2, 2), 12);
    const walt::video back = walt::read_video(folder.path / "a.gif");
    CHECK((back.frames == 4 && back.height == 42 && back.width == 50));
}

TEST_CASE("what cannot be a GIF is refused and leaves the old file") {
    const temporary_folder folder;
    const auto path = folder.write("a.gif", "old");
    CHECK_THROWS_WITH(walt::write_gif(path, walt::video{1, 2, 2, {1, 2, 3}}),
                      Catch::Contains("a.gif") && Catch::Contains("3 bytes"));
    CHECK_THROWS_WITH(walt::write_gif(path, moving_square(1, 3, 4), 0), Catch::Contains("frames per second"));
    CHECK_THROWS_AS(walt::write_gif(path, walt::video{1, 1, 65536, std::vector<std::uint8_t>(3 * 65536)}), walt::error);
    CHECK(std::filesystem::file_size(path) == 3);
}

TEST_CASE("a GIF says how it was made") {
    const temporary_folder folder;
    const walt::video from = moving_square(2, 20, 30);
    const std::string made = R"({"seed":1,"text":")" + std::string(300, 'x') + "\"}"; // longer than a block
    walt::write_gif(folder.path / "a.gif", from, 8, made);
    CHECK(walt::probe(folder.path / "a.gif").comment == made);
    CHECK(walt::probe(folder.path / "a.gif").frames == 2);
    walt::write_gif(folder.path / "b.gif", from, 8);
    CHECK(walt::read_video(folder.path / "a.gif").rgb == walt::read_video(folder.path / "b.gif").rgb);
}
