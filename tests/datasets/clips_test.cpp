// Batches in host memory: their sizes are checked, their kinds can be taken apart, and they become videos and back.
#include "../catch.hpp"

#include <walt/data/latents.hpp>
#include <walt/data/videos.hpp>

using namespace walt;

namespace {
/// A video and two stacks of two images of 1 x 2; sample b is filled with b.
clips mixed() {
    clips made{.shape = {3, 2, 1, 2}, .is_image = {1, 0, 1}};
    for (int b = 0; b < 3; ++b) {
        made.pixels.insert(made.pixels.end(), 12, static_cast<float>(b) / 4);
        made.captions.push_back({std::to_string(b), "of " + std::to_string(b)});
        made.labels.insert(made.labels.end(), {b, 10 + b});
        made.numbers.insert(made.numbers.end(), {static_cast<float>(b), 5, 6, 7});
        made.numbers_valid.insert(made.numbers_valid.end(), {1, static_cast<std::uint8_t>(b == 1)});
    }
    return made;
}
} // namespace

TEST_CASE("a batch whose sizes do not belong together is refused with both numbers", "[clips]") {
    mixed().check();
    const auto refuses = [](auto batch, auto change, const char* first, const char* second) {
        batch.check();
        change(batch);
        CHECK_THROWS_WITH(batch.check(), Catch::Contains(first) && Catch::Contains(second));
    };
    const auto clip_refuses = [&](auto change, const char* first, const char* second) {
        refuses(mixed(), change, first, second);
    };
    clip_refuses([](clips& c) { c.shape.height = 0; }, "1 or more", "3 x 2 x 0 x 2");
    clip_refuses([](clips& c) { c.pixels.pop_back(); }, "has 36 numbers", "35 came");
    clip_refuses([](clips& c) { c.is_image.pop_back(); }, "has 3 kinds", "2 came");
    clip_refuses([](clips& c) { c.captions.pop_back(); }, "3 lists of captions", "2 came");
    clip_refuses([](clips& c) { c.captions[1].push_back(""); }, "2 captions a sample", "3 came");
    clip_refuses([](clips& c) { c.labels.pop_back(); }, "6 labels", "5 came");
    clip_refuses([](clips& c) { c.numbers.pop_back(); }, "3 x 2 frames", "11 came");
    clip_refuses([](clips& c) { c.numbers_valid.pop_back(); }, "6 validities", "5 came");
    clip_refuses([](clips& c) { c.numbers.clear(); }, "0 came", "6 validities");

    latents whole{.shape = {1, 2, 2, 2, 3}, .values = std::vector<float>(24), .labels = {0, no_label}};
    whole.text = {.tokens = 2, .dim = 1, .vectors = {0, 0, 1, 1}, .valid = {0, 0, 1, 1}, .row = {0, 1}};
    whole.low_resolution.resize(6);
    const auto latent_refuses = [&](auto change, const char* first, const char* second) {
        refuses(whole, change, first, second);
    };
    latent_refuses([](latents& l) { l.values.pop_back(); }, "24 latent numbers", "23 came");
    latent_refuses([](latents& l) { l.labels.pop_back(); }, "2 labels", "1 came");
    latent_refuses([](latents& l) { l.text.row.push_back(0); }, "2 text rows", "3 came");
    latent_refuses([](latents& l) { l.text.row[0] = 2; }, "2 texts", "no text 2");
    latent_refuses([](latents& l) { l.text.vectors.pop_back(); }, "4 text numbers", "3 came");
    latent_refuses([](latents& l) { l.text.valid.pop_back(); }, "each of 2 positions", "3 positions came");
    latent_refuses([](latents& l) { l.text.tokens = 0; }, "1 position or more", "0 of 1");
    latent_refuses([](latents& l) { l.numbers_valid = {1, 0}; }, "0 came", "2 validities");
    latent_refuses([](latents& l) { l.low_resolution.pop_back(); }, "6 low-resolution", "5 came");
}

TEST_CASE("the samples of one kind, with all that is known of them", "[clips]") {
    const clips stacks = mixed().part(true), videos = mixed().part(false);
    stacks.check();
    videos.check();
    CHECK((stacks.shape == video_shape{2, 2, 1, 2} && videos.shape == video_shape{1, 2, 1, 2}));
    CHECK((stacks.pixels.front() == 0 && stacks.pixels.back() == 0.5f));
    CHECK(videos.pixels == std::vector<float>(12, 0.25f));
    CHECK(stacks.captions == std::vector<std::vector<std::string>>{{"0", "of 0"}, {"2", "of 2"}});
    CHECK(stacks.labels == std::vector<std::int32_t>{0, 10, 2, 12});
    CHECK(videos.numbers == std::vector<float>{1, 5, 6, 7});
    CHECK((videos.numbers_valid == std::vector<std::uint8_t>{1, 1} &&
           stacks.is_image == std::vector<std::uint8_t>{1, 1}));
    clips plain{.shape = {2, 1, 1, 1}, .pixels = std::vector<float>(6)};
    CHECK((plain.part(false) == plain && plain.part(true).shape.count == 0)); // no kinds: all are videos
}

TEST_CASE("of no samples there are frames, and nothing to be joined", "[clips]") {
    const clips none = clips{.shape = {2, 3, 1, 2}, .pixels = std::vector<float>(36)}.part(true);
    CHECK(none.shape == video_shape{0, 3, 1, 2});
    CHECK(none.frames(1, 2).shape == video_shape{0, 2, 1, 2});
    clips joined = none;
    joined.append(none);
    CHECK((joined.shape == video_shape{0, 6, 1, 2} && joined.pixels.empty()));
    latents also{.shape = {0, 3, 1, 2, 4}};
    CHECK(also.frames(0, 1).shape == video_shape{0, 1, 1, 2, 4});
    also.append(also);
    CHECK(also.shape == video_shape{0, 6, 1, 2, 4});
}

TEST_CASE("frames that follow a sample come behind its own, with all that is known of them", "[clips]") {
    const clips all = mixed();
    for (const clips& whole : {all, all.part(false)}) {
        clips joined = whole.frames(0, 1);
        joined.append(whole.frames(1, 1));
        CHECK(joined == whole);
        joined.append(joined);
        CHECK((joined.frames(0, 2) == whole && joined.frames(2, 2) == whole));
    }
    clips bare = all;
    bare.labels.clear();
    CHECK_THROWS_WITH(bare.append(all), Catch::Contains("labels"));
}

TEST_CASE("a video grows chunk by chunk without being copied for each", "[clips]") {
    clips made{.shape = {1, 1, 4, 4}, .pixels = std::vector<float>(48)};
    latents also{.shape = {1, 1, 2, 2, 8}, .values = std::vector<float>(32)};
    const clips chunk = made;
    const latents latent_chunk = also;
    int moves = 0;
    for (int n = 0; n < 2000; ++n) {
        const float *const pixels = made.pixels.data(), *const values = also.values.data();
        made.append(chunk);
        also.append(latent_chunk);
        moves += (made.pixels.data() != pixels) + (also.values.data() != values);
    }
    CHECK((made.shape.frames == 2001 && also.shape.frames == 2001));
    made.check();
    also.check();
    CHECK(moves < 80); // in each the memory doubles now and then
}

TEST_CASE("clips become videos, stacks images, and videos clips", "[clips]") {
    const std::vector<video> list = to_videos(mixed());
    REQUIRE(list.size() == 5); // two images, a video, two images
    for (const std::size_t i : {0u, 1u, 3u, 4u}) CHECK((list[i].frames == 1 && list[i].complete()));
    CHECK((list[2].frames == 2 && list[2].rgb == std::vector<std::uint8_t>(12, 159)));
    const clips back = to_clips(std::span(list).subspan(3));
    CHECK(back.shape == video_shape{2, 1, 1, 2});
    CHECK(back.pixels[0] == Approx(0.5).margin(1 / 255.0));
    CHECK_THROWS_WITH(to_clips(list), Catch::Contains("1 x 1 x 2") && Catch::Contains("2 x 1 x 2"));
    clips grey{.shape = {1, 1, 1, 1, 1}, .pixels = {0}};
    CHECK_THROWS_WITH(to_videos(grey), Catch::Contains("3 channels") && Catch::Contains("have 1"));
}

TEST_CASE("a video of any size becomes a clip of another: it covers the frame, and its middle is kept", "[clips]") {
    video wide{2, 2, 6, {}}; // a frame's columns are 0, 50, 100, ...; the second frame is white
    for (int row = 0; row < 2; ++row)
        for (int column = 0; column < 6; ++column)
            wide.rgb.insert(wide.rgb.end(), 3, static_cast<std::uint8_t>(50 * column));
    wide.rgb.resize(72, 255);
    const clips middle = to_clips(wide, 2, 2), left = to_clips(wide, 2, 2, {.x = 0});
    CHECK(middle.shape == video_shape{1, 2, 2, 2});
    CHECK(middle.pixels[0] == Approx(100 / 127.5 - 1));
    CHECK(middle.pixels[3] == Approx(150 / 127.5 - 1));
    CHECK(left.pixels[3] == Approx(50 / 127.5 - 1));
    CHECK(middle.pixels[12] == Approx(1));
    CHECK(to_clips(wide, 1, 1).pixels[0] == Approx(125 / 127.5 - 1)); // the mean of the middle square
    CHECK(to_clips(wide, 8, 8).shape.height == 8);
    wide.rgb.pop_back();
    CHECK_THROWS_WITH(to_clips(wide, 2, 2), Catch::Contains("2 x 2 x 6") && Catch::Contains("71 bytes"));
}
