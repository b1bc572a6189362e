#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/core/philox.hpp>
#include <walt/io/png.hpp>

#include <cstdlib>

namespace {

walt::video noise(int frames, int height, int width, std::uint64_t seed) {
    walt::video made{frames, height, width, {}};
    const walt::philox numbers{seed, 0};
    for (std::size_t i = 0; i < static_cast<std::size_t>(frames) * made.frame_size(); ++i)
        made.rgb.push_back(static_cast<std::uint8_t>(numbers.bits(i)));
    return made;
}

/// One row of pixels through libpng's full interface, so that every kind of PNG can be made.
std::filesystem::path raw_png(const temporary_folder& folder, int width, int depth, int kind, std::vector<png_byte> row,
                              const std::vector<png_color>& palette = {},
                              const std::vector<png_byte>& transparent = {}) {
    const std::filesystem::path path = folder.path / "raw.png";
    std::FILE* file = std::fopen(path.c_str(), "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, static_cast<png_uint_32>(width), 1, depth, kind, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
    if (!transparent.empty())
        png_set_tRNS(png, info, transparent.data(), static_cast<int>(transparent.size()), nullptr);
    png_write_info(png, info);
    png_write_row(png, row.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    std::fclose(file);
    return path;
}
using bytes = std::vector<std::uint8_t>;

/// Noise of one kind of colours, interlaced or not: the same pixels.
std::filesystem::path noise_png(const temporary_folder& folder, int depth, int kind, int interlace, double gamma) {
    constexpr png_uint_32 width = 37, height = 29;
    const std::filesystem::path path = folder.path / "noise.png";
    std::FILE* file = std::fopen(path.c_str(), "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, width, height, depth, kind, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (gamma > 0) png_set_gAMA(png, info, gamma);
    png_write_info(png, info);
    const std::size_t size = png_get_rowbytes(png, info);
    std::vector<png_byte> pixels;
    const walt::philox numbers{7, 0};
    for (std::size_t i = 0; i < height * size; ++i) pixels.push_back(static_cast<png_byte>(numbers.bits(i)));
    std::vector<png_bytep> rows;
    for (std::size_t y = 0; y < height; ++y) rows.push_back(pixels.data() + y * size);
    png_write_image(png, rows.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    std::fclose(file);
    return path;
}

} // namespace

TEST_CASE("a frame comes back byte for byte") {
    const temporary_folder folder;
    for (const auto& [height, width] : {std::pair{1, 1}, {7, 1}, {1, 9}, {63, 130}}) {
        const walt::video from = noise(2, height, width, 4);
        walt::write_png(folder.path / "a.png", from, 1);
        const walt::video back = walt::read_png(folder.path / "a.png");
        CHECK((back.frames == 1 && back.height == height && back.width == width));
        CHECK(back.rgb == bytes(from.frame(1), from.frame(1) + from.frame_size()));
    }
    const walt::video from = noise(2, 3, 4, 1);
    CHECK_THROWS_AS(walt::write_png(folder.path / "a.png", from, 2), walt::error);
    CHECK_THROWS_AS(walt::write_png(folder.path / "a.png", walt::video{1, 3, 4, {}}), walt::error);
}

TEST_CASE("every kind of PNG is read as 8-bit RGB") {
    const temporary_folder folder;
    CHECK(walt::read_png(raw_png(folder, 2, 8, PNG_COLOR_TYPE_GRAY, {10, 200})).rgb ==
          bytes{10, 10, 10, 200, 200, 200});
    CHECK(walt::read_png(raw_png(folder, 3, 1, PNG_COLOR_TYPE_GRAY, {0xA0})).rgb ==
          bytes{255, 255, 255, 0, 0, 0, 255, 255, 255});
    CHECK(walt::read_png(raw_png(folder, 2, 16, PNG_COLOR_TYPE_GRAY, {0x80, 0x80, 0x10, 0x10})).rgb ==
          bytes{128, 128, 128, 16, 16, 16});
    CHECK(walt::read_png(raw_png(folder, 1, 16, PNG_COLOR_TYPE_RGB, {0x11, 0x11, 0x99, 0x99, 0xFE, 0xFE})).rgb ==
          bytes{0x11, 0x99, 0xFE});
    CHECK(walt::read_png(raw_png(folder, 2, 8, PNG_COLOR_TYPE_RGB_ALPHA, {9, 99, 199, 255, 9, 99, 199, 0})).rgb ==
          bytes{9, 99, 199, 0, 0, 0});
    CHECK(walt::read_png(raw_png(folder, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, {200, 100, 51, 128})).rgb ==
          bytes{100, 50, 26});
    CHECK(walt::read_png(raw_png(folder, 2, 8, PNG_COLOR_TYPE_GRAY_ALPHA, {50, 0, 50, 255})).rgb ==
          bytes{0, 0, 0, 50, 50, 50});
    const std::vector<png_color> palette{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
    CHECK(walt::read_png(raw_png(folder, 3, 8, PNG_COLOR_TYPE_PALETTE, {2, 0, 1}, palette)).rgb ==
          bytes{7, 8, 9, 1, 2, 3, 4, 5, 6});
    CHECK(walt::read_png(raw_png(folder, 2, 8, PNG_COLOR_TYPE_PALETTE, {2, 0}, palette, {0})).rgb ==
          bytes{7, 8, 9, 0, 0, 0});
}

TEST_CASE("an interlaced PNG has the pixels of one that is not") {
    const temporary_folder folder;
    for (const int depth : {1, 2, 4, 8, 16})
        for (const int kind :
             {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA})
            for (const double gamma : {0.0, 1.0}) {
                if (depth < 8 && kind != PNG_COLOR_TYPE_GRAY) continue;
                const walt::video plain = walt::read_png(noise_png(folder, depth, kind, PNG_INTERLACE_NONE, gamma));
                const walt::video laced = walt::read_png(noise_png(folder, depth, kind, PNG_INTERLACE_ADAM7, gamma));
                INFO(depth << " bits, kind " << kind << ", gamma " << gamma);
                CHECK((plain.height == 29 && plain.width == 37));
                CHECK(plain.rgb == laced.rgb);
            }
    // And those are the file's: of grey, the high byte of each number.
    const walt::video grey = walt::read_png(noise_png(folder, 16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7, 0));
    const walt::philox numbers{7, 0};
    for (std::size_t i = 0; i < 29 * 37; ++i)
        CHECK(std::abs(grey.rgb[3 * i] - static_cast<std::uint8_t>(numbers.bits(2 * i))) <= 1);
}

TEST_CASE("a header that announces too much is refused before memory is taken") {
    const temporary_folder folder;
    walt::write_png(folder.path / "a.png", noise(1, 1, 1, 1));
    std::vector<std::byte> file = walt::read_file(folder.path / "a.png");
    const auto put = [&](std::size_t at, std::uint32_t value) {
        for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<std::byte>(value >> (24 - 8 * i));
    };
    put(16, 20'000);
    put(20, 10'000);
    std::uint32_t crc = ~0u; // of "IHDR" and its data
    for (std::size_t i = 12; i < 29; ++i) {
        crc ^= static_cast<std::uint32_t>(file[i]);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
    }
    put(29, ~crc);
    walt::write_atomically(folder.path / "a.png", file);
    CHECK_THROWS_WITH(walt::read_png(folder.path / "a.png"),
                      Catch::Contains("20000 x 10000") && Catch::Contains("a.png"));
}

TEST_CASE("pixels that a file of its size cannot hold are refused before memory is taken") {
    const temporary_folder folder;
    const std::vector<png_byte> row(5'000);
    const auto path = raw_png(folder, 40'000, 1, PNG_COLOR_TYPE_GRAY, row); // of one row
    std::vector<std::byte> file = walt::read_file(path);
    CHECK(walt::read_png(path).width == 40'000);
    CHECK(walt::detail::png_rows(file) == 5'001);
    file[22] = std::byte{9}; // 2305 rows: the chunk's sum is not looked at before the pixels are counted
    CHECK(walt::detail::png_rows(file) == 2305 * 5001);
    file.resize(60);
    CHECK(walt::detail::png_rows(file) / 1100 > file.size());
}

TEST_CASE("what is cut or changed is read or refused, and nothing else") {
    const temporary_folder folder;
    walt::write_png(folder.path / "a.png", noise(1, 6, 5, 2));
    const std::vector<std::byte> whole = walt::read_file(folder.path / "a.png");
    for (std::size_t size = 0; size + 12 < whole.size(); ++size) { // all but the end chunk is needed
        walt::write_atomically(folder.path / "cut.png", std::span(whole).first(size));
        CHECK_THROWS_AS(walt::read_png(folder.path / "cut.png"), walt::error);
    }
    const walt::philox numbers{8, 0};
    int refused = 0;
    for (std::uint64_t n = 0; n < 1000; ++n) {
        std::vector<std::byte> changed = whole;
        changed[numbers.below(2 * n, static_cast<std::uint32_t>(whole.size()))] ^=
            static_cast<std::byte>(1 << numbers.below(2 * n + 1, 8));
        folder.write("b.png", {reinterpret_cast<const char*>(changed.data()), changed.size()});
        try {
            const walt::video read = walt::read_png(folder.path / "b.png");
            CHECK(read.complete());
        } catch (const walt::error&) {
            ++refused;
        }
    }
    CHECK(refused > 800);
    CHECK_THROWS_WITH(walt::read_png(folder.write("c.png", "no PNG at all")),
                      Catch::Contains("c.png is not a PNG file: Not a PNG"));
    CHECK_THROWS_WITH(walt::read_png(folder.path), Catch::Contains("a folder"));
}

TEST_CASE("a grid is a row of frames for every video") {
    const temporary_folder folder;
    const std::vector<walt::video> list{noise(5, 4, 6, 1), noise(5, 4, 6, 2)};
    walt::write_png_grid(folder.path / "grid.png", list, 3); // frames 0 and 3
    const walt::video grid = walt::read_png(folder.path / "grid.png");
    CHECK((grid.height == 2 * 4 + 2 && grid.width == 2 * 6 + 2));
    const auto row_at = [&](int y, int x) {
        return bytes(grid.frame(0) + 3 * (y * grid.width + x), grid.frame(0) + 3 * (y * grid.width + x + 6));
    };
    for (int y = 0; y < 4; ++y)
        for (int i = 0; i < 2; ++i)
            for (int k = 0; k < 2; ++k) {
                const std::uint8_t* from = list[static_cast<std::size_t>(i)].frame(3 * k) + 18 * y;
                CHECK(row_at(6 * i + y, 8 * k) == bytes(from, from + 18));
            }
    const std::vector<walt::video> unequal{noise(5, 4, 6, 1), noise(4, 4, 6, 1), noise(6, 4, 6, 1)};
    CHECK_THROWS_WITH(walt::write_png_grid(folder.path / "grid.png", unequal, 1),
                      Catch::Contains("5 frames, another one 4"));
}

TEST_CASE("a PNG says how it was made, and libpng finds it whole") {
    const temporary_folder folder;
    const walt::video from = noise(1, 5, 7, 3);
    walt::write_png(folder.path / "a.png", from, 0, R"({"seed":1,"text":"étoile"})");
    CHECK(walt::read_png(folder.path / "a.png").rgb == from.rgb);
    std::FILE* file = std::fopen((folder.path / "a.png").c_str(), "rb");
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(png, info);
    png_textp texts = nullptr;
    int count = 0;
    png_get_text(png, info, &texts, &count);
    REQUIRE(count == 1);
    CHECK(std::string(texts[0].key) == "Comment");
    CHECK(std::string(texts[0].text) == R"({"seed":1,"text":"étoile"})");
    png_destroy_read_struct(&png, &info, nullptr);
    std::fclose(file);
}
