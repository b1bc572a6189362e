// Streams: a video in chunks is the whole video, whatever the chunks; what waits, what is refused, what is carried.
#include "streams.hpp"

#include <walt/cpu.hpp>

using namespace walt;
using namespace walt::testing;
using golden_tokenizer::small, golden_tokenizer::three_levels, golden_tokenizer::groups,
    golden_tokenizer::frame_by_frame;

TEMPLATE_TEST_CASE("a video in chunks is the whole video", "[tokenizer][streaming]", small, three_levels, groups,
                   frame_by_frame, four_frames, few_strides) {
    SECTION("reference, float: bit for bit") {
        reference::context ctx;
        check_streams<float, TestType>(ctx, 0);
    }
    SECTION("cpu, float") {
        cpu::context ctx;
        check_streams<float, TestType>(ctx, 1e-6);
    }
    SECTION("cpu, bf16") {
        cpu::context ctx;
        check_streams<bf16, TestType>(ctx, 0);
    }
}

namespace {
struct scene {
    reference::context ctx;
    tokenizer<reference::context, four_frames, float> tokens = made_tokenizer<float, four_frames>(ctx);
    streaming raw{.scale = latent_scale::raw};
};
} // namespace

TEST_CASE("frames wait until they complete a latent frame, and the end may repeat the last", "[tokenizer][streaming]") {
    scene s;
    clips video = noisy_clips(1, 7);
    encode_stream stream(s.tokens, s.raw);
    const auto first = stream.next(video.frames(0, 3));
    REQUIRE(first);
    CHECK(first->shape.frames == 1);
    CHECK(stream.waiting() == 2);
    CHECK_FALSE(stream.next(video.frames(3, 1)));
    CHECK(stream.waiting() == 3);
    const auto second = stream.next(video.frames(4, 3));
    REQUIRE(second);
    CHECK(second->shape.frames == 1);
    CHECK(stream.waiting() == 2);
    const auto last = stream.finish();
    REQUIRE(last);
    CHECK(stream.waiting() == 0);
    CHECK(stream.bytes() == 0);
    CHECK_FALSE(stream.finish());
    CHECK_THROWS_WITH(stream.next(video), Catch::Contains("finish() has ended"));

    clips longer = video;
    longer.append(video.frames(6, 1));
    longer.append(video.frames(6, 1));
    latents together = *first;
    together.append(*second);
    together.append(*last);
    CHECK(together == s.tokens.encode(longer, latent_scale::raw));
}

TEST_CASE("what is known of frames goes with them", "[tokenizer][streaming]") {
    scene s;
    clips video = noisy_clips(2, 9);
    for (int i = 0; i < 18; ++i) {
        video.labels.push_back(i);
        video.numbers.push_back(static_cast<float>(i));
        video.numbers_valid.push_back(i % 4 != 0);
    }
    const latents whole = s.tokens.encode(video, latent_scale::raw);
    for (const std::int64_t some : {1, 2, 5}) {
        encode_stream stream(s.tokens, s.raw);
        std::optional<latents> made;
        for (std::int64_t at = 0; at < 9; at += some)
            if (const auto z = stream.next(video.frames(at, std::min(some, 9 - at)))) {
                if (made) made->append(*z);
                else made = z;
            }
        CHECK(made == whole);
    }
}

TEST_CASE("streams refuse what does not follow, and stay as they were", "[tokenizer][streaming]") {
    scene s;
    const clips video = noisy_clips(1, 9);
    encode_stream encoder(s.tokens, s.raw);
    decode_stream decoder(s.tokens);
    CHECK_THROWS_WITH(encode_stream(s.tokens, {.latent_frames = 0}), Catch::Contains("it is 0"));
    const auto z = encoder.next(video.frames(0, 5));
    REQUIRE(z);
    const std::size_t bytes = encoder.bytes();
    CHECK_THROWS_WITH(encoder.next(noisy_clips(2, 4)), Catch::Contains("2 samples") && Catch::Contains("follow 1"));
    clips stack = video.frames(5, 4);
    stack.is_image = {1};
    CHECK_THROWS_WITH(encoder.next(stack), Catch::Contains("sample 0 is a stack of images"));
    const auto rest = encoder.next(video.frames(5, 4));
    REQUIRE(rest);
    CHECK(encoder.bytes() == bytes);
    latents all = *z;
    all.append(*rest);
    CHECK(all == s.tokens.encode(video, latent_scale::raw));

    decoder.next(*z);
    latents other = *rest;
    other.shape.height = 1, other.shape.width = 6;
    CHECK_THROWS_WITH(decoder.next(other), Catch::Contains("1 x 6 x 3"));
    clips x = decoder.next(*rest);
    CHECK(x.pixels == s.tokens.decode(all).frames(5, 4).pixels);

    encode_stream normal(s.tokens); // never measured: the first chunk leaves nothing behind
    CHECK_THROWS_WITH(normal.next(video), Catch::Contains("never measured"));
    CHECK(normal.bytes() == 0);
    CHECK(normal.waiting() == 0);
    normal = encode_stream(s.tokens, s.raw);
    CHECK(normal.next(video) == all);
}

TEST_CASE("without strides in space, fields of one dimension", "[tokenizer][streaming]") {
    reference::context ctx;
    const auto tokens = made_tokenizer<float, few_strides>(ctx);
    clips line{.shape = {1, 5, 1, 7}};
    line.pixels.resize(static_cast<std::size_t>(line.shape.size()));
    fill_normal(line.pixels, 5, 0.5);
    const latents z = tokens.encode(line, latent_scale::raw);
    CHECK(z.shape == video_shape{1, 3, 1, 7, 3});
    CHECK(tokens.decode(z).shape == line.shape);
}

TEST_CASE("a stream is of one video", "[tokenizer][streaming]") {
    scene s;
    const clips video = noisy_clips(1, 5);
    encode_stream encoder(s.tokens, s.raw);
    decode_stream decoder(s.tokens);
    const auto z = encoder.next(video);
    REQUIRE(z);
    CHECK_FALSE(encoder.finish()); // no frame waits, and yet the video ends
    CHECK_THROWS_WITH(encoder.next(video.frames(0, 4)), Catch::Contains("finish() has ended"));
    const clips x = decoder.next(*z);
    decoder.finish();
    CHECK(decoder.bytes() == 0);
    CHECK_THROWS_WITH(decoder.next(*z), Catch::Contains("finish() has ended"));
    encoder = encode_stream(s.tokens, s.raw);
    decoder = decode_stream(s.tokens);
    CHECK(encoder.next(video) == z);
    CHECK(decoder.next(*z).pixels == x.pixels);
}

TEST_CASE("what no stream can be has no plan", "[tokenizer][streaming]") {
    const auto plan = [](const video_shape& videos, streaming how = {}) {
        return memory_plan(four_frames{}, compute<float>, videos, how);
    };
    CHECK_THROWS_WITH(plan({0, 1, 8, 12}), Catch::Contains("not of 0"));
    CHECK_THROWS_WITH(plan({-1, 1, 8, 12}), Catch::Contains("not of -1"));
    CHECK_THROWS_WITH(plan({1, 1, 8, 13}), Catch::Contains("they are 8 and 13"));
    CHECK_THROWS_WITH(plan({1, 1, 8, 12}, {.latent_frames = 0}), Catch::Contains("it is 0"));
}

TEST_CASE("a stream needs no more memory than its plan says", "[tokenizer][streaming]") {
    const std::int64_t latent_frames = GENERATE(1, 3);
    check_memory<float, four_frames, reference::context>(2, latent_frames);
    check_memory<float, four_frames, cpu::context>(2, latent_frames);
    check_memory<bf16, four_frames, cpu::context>(1, latent_frames);
    check_memory<float, three_levels, cpu::context>(1, latent_frames);
    check_memory<bf16, groups, cpu::context>(2, latent_frames);
}
