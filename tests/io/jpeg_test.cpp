#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/core/philox.hpp>
#include <walt/io/jpeg.hpp>

#include <cstdlib>

namespace {

/// A JPEG whose red grows to the right and whose green grows downwards, or a grey one, or one in four inks.
std::string jpeg_bytes(int height, int width, J_COLOR_SPACE space = JCS_RGB, bool progressive = false) {
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

TEST_CASE("what is no JPEG, cut, too large or in other colours is refused with its name") {
    const temporary_folder folder;
    const std::string whole = jpeg_bytes(33, 47);
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("a.jpg", "no JPEG")),
                      Catch::Contains("a.jpg is not a JPEG file: Not a JPEG file"));
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("a.jpg", "")), Catch::Contains("a.jpg"));
    CHECK_THROWS_WITH(walt::read_jpeg(folder.path), Catch::Contains("a folder"));
    for (std::size_t size = 0; size + 2 < whole.size(); size += 3)
        CHECK_THROWS_AS(walt::read_jpeg(folder.write("cut.jpg", whole.substr(0, size))), walt::error);
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("inks.jpg", jpeg_bytes(5, 9, JCS_CMYK))),
                      Catch::Contains("inks.jpg cannot be decoded: Unsupported color conversion"));
    std::string huge = whole;
    const std::size_t frame = huge.find("\xFF\xC0"); // marker, length, precision, height, width
    huge.replace(frame + 5, 4, "\x4E\x20\x4E\x20");
    CHECK_THROWS_WITH(walt::read_jpeg(folder.write("huge.jpg", huge)), Catch::Contains("20000 x 20000"));
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
