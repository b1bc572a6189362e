// Large frames in tiles: what tiles of one picture are put together to, how near a trained tokenizer comes to the
// whole.
#include "../catch.hpp"
#include "streams.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/pixels.hpp>
#include <walt/tokenizer/tiling.hpp>

namespace tests {
using namespace walt;

TEST_CASE("tiles of one picture, blended, are that picture", "[tokenizer][tiling]") {
    for (const std::int64_t overlap : {0, 1, 3})
        for (const auto& size : {std::pair<std::int64_t, std::int64_t>{4, 5}, {7, 9}, {11, 13}, {12, 20}}) {
            const std::int64_t height = size.first, width = size.second;
            CAPTURE(overlap, height, width);
            const video_shape shape{2, 3, height, width, 2};
            std::vector<float> picture(static_cast<std::size_t>(shape.size()));
            testing::fill_normal(picture, 1);
            const std::int64_t rows = std::min<std::int64_t>(4, height), columns = std::min<std::int64_t>(5, width);
            detail::blended_tiles whole(shape, rows, columns, overlap);
            int tiles = 0;
            detail::each_tile(height, width, rows, columns, overlap, [&](std::int64_t row, std::int64_t column) {
                REQUIRE(row + rows <= height);
                REQUIRE(column + columns <= width);
                whole.add(detail::cropped(picture, shape, row, column, rows, columns), row, column);
                ++tiles;
            });
            CHECK((tiles == 1) == (height == 4 && width == 5));
            CHECK(testing::relative_error(std::move(whole).whole().data(), picture) < 1e-6);
        }
}

TEST_CASE("where one tile fades into the next, the shares change step by step", "[tokenizer][tiling]") {
    // Two tiles of 8 that share 4: what the first gives is 0, what the second gives is 1.
    detail::blended_tiles whole({1, 1, 1, 12, 1}, 1, 8, 4);
    whole.add(std::vector<float>(8, 0.0f), 0, 0);
    whole.add(std::vector<float>(8, 1.0f), 0, 4);
    const std::vector<float> made = std::move(whole).whole();
    for (std::size_t i = 0; i < 12; ++i)
        CHECK(made[i] == Approx(i < 4 ? 0.0 : i < 8 ? 0.2 * (static_cast<double>(i) - 3.0) : 1.0));
}

TEST_CASE("a frame of one tile is encoded and decoded as a whole", "[tokenizer][tiling]") {
    cpu::context device;
    const auto tokens = testing::made_tokenizer<float, testing::four_frames>(device);
    const clips video = testing::noisy_clips(2, 5);
    const latents z = tokens.encode(video, latent_scale::raw),
                  tiled = encode_in_tiles(tokens, video, {.height = 16, .width = 16, .overlap = 4}, latent_scale::raw);
    CHECK(tiled.shape == z.shape);
    CHECK(tiled.scale == z.scale);
    CHECK(testing::relative_error(tiled.values.data(), z.values) < 1e-6);
    const clips x = tokens.decode(z), x_tiled = decode_in_tiles(tokens, z, {.height = 16, .width = 16, .overlap = 4});
    CHECK(x_tiled.shape == x.shape);
    CHECK(testing::relative_error(x_tiled.pixels.data(), x.pixels) < 1e-6);
}

TEST_CASE("a trained tokenizer loses something by tiles, and less where they share pixels", "[tokenizer][tiling]") {
    cpu::context device;
    const tokenizer tokens(device, presets::demo_tokenizer{}, compute<float>,
                           weights_file("examples/weights/tokenizer.safetensors"));
    const moving_fashion pictures({.size = 96, .frames = 5, .pictures = fashion_part::test});
    const clips real = batches(pictures, {.batch = 4})(0);
    const clips whole = tokens.decode(tokens.encode(real));
    const double of_whole = psnr(whole, real);
    double without = 0; // how near to the whole tiles are that share nothing
    for (const std::int64_t overlap : {0, 16, 32}) {
        const tiling how{.height = 48, .width = 48, .overlap = overlap};
        const clips tiled = decode_in_tiles(tokens, encode_in_tiles(tokens, real, how), how);
        const double of_tiled = psnr(tiled, real), apart = psnr(tiled, whole);
        INFO("overlap " << overlap << ": PSNR " << of_tiled << " dB, of the whole " << of_whole
                        << "; tiled against whole " << apart);
        CHECK(of_tiled > of_whole - 2.5);
        if (overlap == 0) without = apart;
        else CHECK(apart > without + 0.5);
    }
}

TEST_CASE("tilings that a tokenizer cannot have are refused", "[tokenizer][tiling]") {
    cpu::context device;
    const auto tokens = testing::made_tokenizer<float, testing::four_frames>(device); // compresses space by 4
    const clips video = testing::noisy_clips(1, 5);
    CHECK_THROWS_WITH(encode_in_tiles(tokens, video, {.height = 6, .width = 8, .overlap = 4}, latent_scale::raw),
                      Catch::Contains("tiles of 6 x 8 pixels that share 4") && Catch::Contains("multiples of the 4"));
    CHECK_THROWS_WITH(encode_in_tiles(tokens, video, {.height = 8, .width = 8, .overlap = 8}, latent_scale::raw),
                      Catch::Contains("tiles of 8 x 8 pixels cannot share 8"));
}

} // namespace tests
