#include "../catch.hpp"
#include "temporary_folder.hpp"

#include <walt/data/batches.hpp>
#include <walt/data/image_folder.hpp>

#include <cstdint>
#include <vector>

#include <png.h>

namespace {
/// A flat PNG of grey `level` whose left third is black.
void write_picture(const temporary_folder& folder, const char* name, int height, int width, int level) {
    std::vector<std::uint8_t> rgb(static_cast<std::size_t>(3 * height * width), static_cast<std::uint8_t>(level));
    for (int y = 0; y < height; ++y)
        std::fill_n(rgb.begin() + std::ptrdiff_t{3} * y * width, width / 3 * 3, std::uint8_t{0});
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(width);
    image.height = static_cast<png_uint_32>(height);
    image.format = PNG_FORMAT_RGB;
    REQUIRE(png_image_write_to_file(&image, (folder.path / name).c_str(), 0, rgb.data(), 0, nullptr) != 0);
}
} // namespace

TEST_CASE("images come in order, resized, with their captions, and a broken one is replaced") {
    const temporary_folder folder;
    write_picture(folder, "a bag.png", 12, 12, 255);
    write_picture(folder, "c coat.PNG", 30, 90, 102);
    folder.write("b boot.png", "\x89PNG but no more");
    folder.write("d dress.jpg", "no JPEG");
    const walt::image_folder images(folder.path, {.height = 4, .width = 6});
    CHECK(images.size() == 4);
    CHECK((images.frames() == 1 && images.height() == 4 && images.width() == 6));
    const walt::clip a = walt::clip_at(images, walt::seed{1}, 0), b = walt::clip_at(images, walt::seed{1}, 1),
                     c = walt::clip_at(images, walt::seed{1}, 2), d = walt::clip_at(images, walt::seed{1}, 3);
    CHECK(a.caption == "a bag");
    CHECK(a.pixels.front() == -1.0f);
    CHECK(a.pixels.back() == 1.0f);
    CHECK(c.caption == "c coat");
    for (const float pixel : {c.pixels[3 * 3], c.pixels.back()}) CHECK(pixel == Approx(102 / 127.5 - 1));
    for (const walt::clip& other : {b, d}) CHECK((other.pixels == a.pixels || other.pixels == c.pixels));
    CHECK(images.unreadable() == 2);
}

TEST_CASE("a random crop is drawn from the seed") {
    const temporary_folder folder;
    write_picture(folder, "wide.png", 10, 200, 255);
    folder.write("captions.txt", "wide.png\ta wide thing\n");
    const walt::image_folder images(folder.path, {.height = 5, .width = 5, .random_crop = true});
    int black = 0, white = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const walt::clip one = walt::clip_at(images, walt::seed{seed}, 0);
        CHECK(one.pixels == walt::clip_at(images, walt::seed{seed}, 0).pixels);
        CHECK(one.caption == "a wide thing");
        black += one.pixels.back() == -1.0f;
        white += one.pixels.front() == 1.0f;
    }
    CHECK(black > 6); // a third of the places
    CHECK(white > 20);
}

TEST_CASE("images of a folder make stacks") {
    const temporary_folder folder;
    for (const char* name : {"a.png", "b.png", "c.png"}) write_picture(folder, name, 8, 8, 200);
    const walt::image_folder images(folder.path, {.height = 4, .width = 4});
    const walt::clips made = walt::batches(images, {.batch = 3, .image_rate = 1})(0);
    std::string all;
    for (const auto& captions : made.captions) all += captions[0];
    std::sort(all.begin(), all.end());
    CHECK(all == "abc");
    CHECK_THROWS_AS(walt::image_folder(folder.path, {.height = 0}), walt::error);
}

TEST_CASE("a picture is read by what it is, whatever its name says") {
    const temporary_folder folder;
    write_picture(folder, "a.jpg", 8, 8, 255);
    const walt::image_folder images(folder.path, {.height = 4, .width = 4});
    CHECK(walt::clip_at(images, {}, 0).caption == "a");
    CHECK(images.unreadable() == 0);
}
