#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/core/philox.hpp>
#include <walt/io/jpeg.hpp>

#include <cstdlib>

namespace {

/// A JPEG whose red grows to the right and whose green grows downwards, or a grey one, or one in four inks.
std::string jpeg_bytes(int height, int width, J_COLOR_SPACE space = JCS_RGB, bool progressive = false,
                       bool says_adobe = true) {
    const int channels = space == JCS_RGB ? 3 : space == JCS_GRAYSCALE ? 1 : 4;
    jpeg_compress_struct image{};
    jpeg_error_mgr errors{};
    image.err = jpeg_std_error(&errors);
    jpeg_create_compress(&image);
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&image, &bytes, &size);
    image.image_width = static_cast<JDIMENSION>(width);
    image.image_height = static_cast<JDIMENSION>(height);
    image.input_components = channels;
    image.in_color_space = space;
    jpeg_set_defaults(&image);
    jpeg_set_quality(&image, 95, TRUE);
    if (progressive) jpeg_simple_progression(&image);
    if (!says_adobe) image.write_Adobe_marker = FALSE;
    jpeg_start_compress(&image, TRUE);
    for (int y = 0; y < height; ++y) {
        std::vector<unsigned char> row;
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < channels; ++c)
                row.push_back(static_cast<unsigned char>(c == 0 ? 5 * x : c == 1 ? 7 * y : 40));
        unsigned char* at = row.data();
        jpeg_write_scanlines(&image, &at, 1);
    }
    jpeg_finish_compress(&image);
    jpeg_destroy_compress(&image);
    const std::string copy(reinterpret_cast<char*>(bytes), size);
    std::free(bytes);
    return copy;
}

} // namespace

TEST_CASE("a JPEG is read as RGB") {
    const temporary_folder folder;
    for (const bool progressive : {false, true}) {
        const walt::video image = walt::read_jpeg(folder.write("a.jpg", jpeg_bytes(33, 47, JCS_RGB, progressive)));
        REQUIRE((image.frames == 1 && image.height == 33 && image.width == 47 && image.complete()));
        for (int y = 0; y < 33; ++y)
            for (int x = 0; x < 47; ++x) {
                const std::uint8_t* pixel = image.frame(0) + 3 * (y * 47 + x);
                REQUIRE(std::abs(pixel[0] - 5 * x) < 16);
                REQUIRE(std::abs(pixel[1] - 7 * y) < 16);
                REQUIRE(std::abs(pixel[2] - 40) < 16);
            }
    }
    const walt::video grey = walt::read_jpeg(folder.write("g.jpg", jpeg_bytes(5, 9, JCS_GRAYSCALE)));
    CHECK(grey.rgb.size() == 3 * 5 * 9);
    for (std::size_t i = 0; i < grey.rgb.size(); i += 3)
        CHECK((grey.rgb[i] == grey.rgb[i + 1] && std::abs(grey.rgb[i] - 5 * static_cast<int>(i / 3 % 9)) < 8));
}

TEST_CASE("what is no JPEG, cut or too large is refused with its name") {
    const temporary_folder folder;
    const std::string whole = jpeg_bytes(33, 47);
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("a.jpg", "no JPEG")),
                      Catch::Contains("a.jpg is not a JPEG file: Not a JPEG file"));
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("a.jpg", "")), Catch::Contains("a.jpg"));
    CHECK_THROWS_WITH(walt::read_jpeg(folder.path), Catch::Contains("a folder"));
    for (std::size_t size = 0; size + 2 < whole.size(); size += 3)
        CHECK_THROWS_AS(walt::read_jpeg(folder.write("cut.jpg", whole.substr(0, size))), walt::error);
    std::string huge = whole;
    const std::size_t frame = huge.find("\xFF\xC0"); // marker, length, precision, height, width
    huge.replace(frame + 5, 4, "\x4E\x20\x4E\x20");
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("huge.jpg", huge)), Catch::Contains("20000 x 20000"));
}

TEST_CASE("a JPEG that lacks a part of its pixels is refused, though it has an end") {
    const temporary_folder folder;
    const std::string end = "\xFF\xD9";
    for (const bool progressive : {false, true}) {
        const std::string whole = jpeg_bytes(65, 80, JCS_RGB, progressive);
        REQUIRE(whole.substr(whole.size() - 2) == end);
        const std::size_t scan = whole.find("\xFF\xDA") + 20;
        for (const std::size_t size : {scan + (whole.size() - scan) / 4, whole.size() - 40})
            CHECK_THROWS_WITH(walt::read_jpeg(folder.write("cut.jpg", whole.substr(0, size) + end)),
                              Catch::Contains("cut.jpg cannot be decoded: Corrupt JPEG data"));
        CHECK(walt::read_jpeg(folder.write("more.jpg", whole + "some bytes")).height == 65);
    }
    std::string holes = jpeg_bytes(65, 80);
    holes.replace(holes.size() / 2, 2, "\xFF\xD0"); // a marker within the pixels
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("holes.jpg", holes)), Catch::Contains("cannot be decoded"));
}

TEST_CASE("four inks leave light: they are inverted as Adobe's are, whether the file says that it is Adobe's or not") {
    const temporary_folder folder;
    const walt::video image = walt::read_jpeg(folder.write("inks.jpg", jpeg_bytes(5, 9, JCS_CMYK)));
    CHECK(walt::read_jpeg(folder.write("b.jpg", jpeg_bytes(5, 9, JCS_CMYK, false, false))).rgb == image.rgb);
    for (int y = 0; y < 5; ++y)
        for (int x = 0; x < 9; ++x) {
            const std::uint8_t* pixel = image.frame(0) + 3 * (y * 9 + x);
            CHECK(std::abs(pixel[0] - 5 * x * 40 / 255) < 6);
            CHECK(std::abs(pixel[1] - 7 * y * 40 / 255) < 6);
            CHECK(std::abs(pixel[2] - 40 * 40 / 255) < 6);
        }
}

TEST_CASE("a camera's orientation turns the picture upright") {
    const temporary_folder folder;
    const std::string whole = jpeg_bytes(16, 32); // dark and upper left: stored (0, 0); green is down, red is right
    const auto oriented = [&](int orientation, bool little) {
        std::string exif =
            std::string("Exif\0\0", 6) +
            (little ? std::string("II\x2A\0\x08\0\0\0\x01\0", 10) + std::string("\x12\x01\x03\0\x01\0\0\0", 8)
                    : std::string("MM\0\x2A\0\0\0\x08\0\x01", 10) + std::string("\x01\x12\0\x03\0\0\0\x01", 8));
        exif += little ? std::string{static_cast<char>(orientation), '\0'}
                       : std::string{'\0', static_cast<char>(orientation)};
        exif += std::string(6, '\0');
        const std::string marker = {'\xFF', '\xE1', '\0', static_cast<char>(exif.size() + 2)};
        return walt::read_jpeg(folder.write("o.jpg", whole.substr(0, 2) + marker + exif + whole.substr(2)));
    };
    const walt::video stored = walt::read_jpeg(folder.write("a.jpg", whole));
    for (int orientation = 0; orientation <= 9; ++orientation) {
        const walt::video shown = oriented(orientation, orientation % 2 == 0);
        const bool turned = orientation >= 5 && orientation <= 8;
        REQUIRE((shown.height == (turned ? 32 : 16) && shown.width == (turned ? 16 : 32)));
        // Where the picture's first row and column are, as the standard says it.
        const auto at = [&](int row, int column) { // of what is stored
            switch (orientation) {
            case 2: return std::pair{row, 31 - column};
            case 3: return std::pair{15 - row, 31 - column};
            case 4: return std::pair{15 - row, column};
            case 5: return std::pair{column, row};
            case 6: return std::pair{column, 15 - row};
            case 7: return std::pair{31 - column, 15 - row};
            case 8: return std::pair{31 - column, row};
            default: return std::pair{row, column};
            }
        };
        for (const auto& [row, column] : {std::pair{0, 0}, {3, 20}, {15, 31}, {9, 2}}) {
            const auto [y, x] = at(row, column);
            CHECK(std::equal(stored.frame(0) + 3 * (row * 32 + column), stored.frame(0) + 3 * (row * 32 + column) + 3,
                             shown.frame(0) + 3 * (y * shown.width + x)));
        }
    }
}

TEST_CASE("an orientation may be stored as a number of two or of four bytes, in both orders") {
    using namespace std::string_literals;
    const auto read = [](const std::string& tiff) {
        return walt::detail::exif_orientation(std::as_bytes(std::span(tiff)));
    };
    CHECK(read("II\x2A\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"s) == 6);
    CHECK(read("MM\0\x2A\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"s) == 6);
    CHECK(read("II\x2A\0\x08\0\0\0\1\0\x12\1\4\0\1\0\0\0\6\0\0\0\0\0\0\0"s) == 6);
    CHECK(read("MM\0\x2A\0\0\0\x08\0\1\1\x12\0\4\0\0\0\1\0\0\0\6\0\0\0\0"s) == 6);
    CHECK(read("MM\0\x2A\0\0\0\x08\0\1\1\x12\0\4\0\0\0\1\0\6\0\0\0\0\0\0"s) == 1); // 393216
}

TEST_CASE("a small file that would take much memory or time is refused before it does") {
    const temporary_folder folder;
    const auto bytes = [](std::initializer_list<int> list) { return std::string(list.begin(), list.end()); };
    std::string start = bytes({0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0}) + std::string(64, '\1');
    start += bytes({0xFF, 0xC4, 0, 20, 0, 1}) + std::string(16, '\0');
    const auto frame = [&](int side) {
        return bytes({0xFF, 0xC2, 0, 11, 8, side >> 8, side & 255, side >> 8, side & 255, 1, 1, 0x11, 0});
    };
    const std::string scan = bytes({0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0}) + std::string(8, '\0');
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("claims.jpg", start + frame(9999) + scan + bytes({0xFF, 0xD9}))),
                      Catch::Contains("claims.jpg says that it has 9999 x 9999 pixels, which cannot be in its"));
    std::string many = start + frame(64);
    for (int i = 0; i < 200; ++i) many += scan;
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("scans.jpg", many + bytes({0xFF, 0xD9}))),
                      Catch::Contains("more than 100 scans"));
}

TEST_CASE("changed bytes are read or refused, and nothing else") {
    const temporary_folder folder;
    const std::string whole = jpeg_bytes(20, 30);
    const walt::philox numbers{3, 3};
    int refused = 0;
    for (std::uint64_t n = 0; n < 1500; ++n) {
        std::string bytes = whole;
        for (std::uint64_t i = 0; i < 2; ++i)
            bytes[numbers.below(8 * n + i, static_cast<std::uint32_t>(bytes.size()))] =
                static_cast<char>(numbers.bits(8 * n + 4 + i));
        try {
            const walt::video read = walt::read_jpeg(folder.write("b.jpg", bytes));
            CHECK(read.complete());
        } catch (const walt::error&) {
            ++refused;
        }
    }
    CHECK(refused > 100);
}
