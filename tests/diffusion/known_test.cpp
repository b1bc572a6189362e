// Samples that are given frames of pixels: what they keep, what they depend on, what is refused.
#include "given_frames.hpp"

#include <limits>

using namespace given_frames_tests;

TEST_CASE("a sample keeps the first frames that it was given, whatever else it is told") {
    const scene s;
    const clips given = scene::pixels(1, 3, 1);
    const video as_file = to_videos(given)[0];
    sampling guided = s.quick;
    guided.guide.scale = 3;
    const auto check = [&](const std::vector<video>& made, std::size_t count) {
        REQUIRE(made.size() == count);
        for (const video& one : made) {
            REQUIRE((one.frames == 7 && one.complete()));
            for (int f = 0; f < 3; ++f) CHECK(frame_of(one, f) == frame_of(as_file, f));
            CHECK(frame_of(one, 3) != frame_of(as_file, 2));
        }
    };
    const first_frames first{given};
    check(sample(s.model, s.coder, first, s.quick), 1);
    check(sample(s.model, s.coder, s.text, prompts{"a bag", "a boat"}, first, guided), 2);
    check(sample(s.model, s.coder, labels{0, 2}, first, guided), 2);
    check(sample(s.model, s.coder, conditions{.labels = {1}}, first), 1);
    check(sample(s.model, s.coder, unconditional{3}, first, s.quick), 3);
    const auto two = sample(s.model, s.coder, s.text, prompts{"a bag", "a boat"}, first, s.quick);
    CHECK(two[0].rgb != two[1].rgb);
    const auto by_numbers = [&](std::vector<float> numbers) {
        const auto made = sample(s.model, s.coder, conditions{.numbers = std::move(numbers)}, first, s.quick);
        check(made, 1);
        return made[0].rgb;
    };
    CHECK(by_numbers({1}) != by_numbers({-1}));
    CHECK(by_numbers({1, 1, 1, 1}) != by_numbers({1, 1, 1, -1})); // a number a frame
}

TEST_CASE("known latents are those of the given pixels, and are held exactly") {
    const scene s;
    const clips given = scene::pixels(2, 3, 1);
    conditions told{.samples = 2};
    told.known =
        encode_known(s.coder, give(first_frames{given}, size_of_samples<decltype(s.model), decltype(s.coder)>(2)));
    const latents alone = s.coder.encode(given); // two latent frames
    CHECK(told.known.mask == std::vector<float>{1, 1, 0, 0, 1, 1, 0, 0});
    const latents made = sample_latents(s.model, told, s.quick);
    for (std::ptrdiff_t b = 0; b < 2; ++b) {
        const std::vector<float> wanted(alone.values.begin() + b * 48, alone.values.begin() + (b + 1) * 48);
        CHECK(wanted ==
              std::vector<float>(told.known.values.begin() + b * 96, told.known.values.begin() + b * 96 + 48));
        CHECK(wanted == std::vector<float>(made.values.begin() + b * 96, made.values.begin() + b * 96 + 48));
    }

    // Without keep_pixels they are what the decoder makes of those latents; the other frames are the same.
    const auto kept = sample(s.model, s.coder, first_frames{given}, s.quick),
               decoded = sample(s.model, s.coder, first_frames{given, false}, s.quick);
    CHECK(decoded[1].rgb == to_videos(s.coder.decode(made))[1].rgb);
    for (int f = 0; f < 7; ++f) CHECK((frame_of(kept[1], f) == frame_of(decoded[1], f)) == (f >= 3));
}

TEST_CASE("guidance guides away from given frames, unless it is asked not to") {
    const scene s;
    const first_frames first{scene::pixels(1, 3, 1)};
    sampling guided = s.quick;
    guided.guide.scale = 4;
    const auto rest = [&](const conditions& told, const sampling& how) {
        return sample(s.model, s.coder, told, first, how)[0].rgb;
    };
    CHECK(rest({}, guided) != rest({}, s.quick));
    CHECK(rest({.without = {.known = false}}, guided) == rest({.without = {.known = false}}, s.quick));
}

TEST_CASE("keyframes and spans: only what is known is read, and it is kept") {
    const scene s;
    clips all = scene::pixels(1, 7, 1);
    const known ends{all, {1, 0, 0, 1}};
    const auto made = sample(s.model, s.coder, ends, s.quick);
    const video as_file = to_videos(all)[0];
    for (int f = 0; f < 7; ++f) CHECK((frame_of(made[0], f) == frame_of(as_file, f)) == (f == 0 || f >= 5));
    clips other = all;
    for (std::size_t i = 96; i < std::size_t{5} * 96; ++i) other.pixels[i] = -other.pixels[i];
    CHECK(sample(s.model, s.coder, known{other, {1, 0, 0, 1}}, s.quick)[0].rgb == made[0].rgb);
    other.pixels[6 * 96] = -other.pixels[6 * 96];
    CHECK(sample(s.model, s.coder, known{other, {1, 0, 0, 1}}, s.quick)[0].rgb != made[0].rgb);

    // A mask a sample, over one clip.
    const auto two = sample(s.model, s.coder, unconditional{2}, known{all, {1, 0, 0, 1, 0, 1, 0, 0}}, s.quick);
    for (int f = 0; f < 7; ++f) {
        CHECK((frame_of(two[0], f) == frame_of(as_file, f)) == (f == 0 || f >= 5));
        CHECK((frame_of(two[1], f) == frame_of(as_file, f)) == (f == 1 || f == 2));
    }

    // Pictures: the last latent frame shows its own in all of its frames, and its last one is the picture.
    const clips first = all.frames(0, 1), last = all.frames(6, 1);
    const auto between = sample(s.model, s.coder, keyframes{{{0, first}, {3, last}}}, s.quick);
    for (const int f : {0, 6}) CHECK(frame_of(between[0], f) == frame_of(as_file, f));
    clips still = all;
    std::copy(last.pixels.begin(), last.pixels.end(), still.pixels.begin() + 5 * 96);
    const auto spelled = sample(s.model, s.coder, known{still, {1, 0, 0, 1}}, s.quick);
    for (int f = 1; f < 5; ++f) CHECK(frame_of(between[0], f) == frame_of(spelled[0], f));
}

TEST_CASE("what stands where given pixels are missing is neither seen nor kept") {
    const scene s;
    const auto with = [](clips of, float under) { // without every fifth pixel
        of.present.assign(of.pixels.size() / 3, 1);
        for (std::size_t i = 0; i < of.pixels.size(); ++i)
            if (i / 3 % 5 == 2) of.present[i / 3] = 0, of.pixels[i] = under;
        return of;
    };
    const auto same = [&](auto&& given) { // a function of what stands there
        const auto zeros = sample(s.model, s.coder, given(0.0f), s.quick)[0].rgb;
        CHECK(sample(s.model, s.coder, given(std::numeric_limits<float>::quiet_NaN()), s.quick)[0].rgb == zeros);
        CHECK(sample(s.model, s.coder, given(7.0f), s.quick)[0].rgb == zeros);
        return zeros;
    };
    const clips three = scene::pixels(1, 3, 1), seven = scene::pixels(1, 7, 2), one = scene::pixels(1, 1, 3);
    const auto begun = same([&](float under) { return first_frames{with(three, under)}; });
    same([&](float under) { return known{with(seven, under), {0, 1, 0, 1}}; });
    same([&](float under) { return keyframes{{{0, one}, {3, with(one, under)}}}; });

    // A pixel that is there is kept, and one that is not is the decoder's.
    const auto decoded = sample(s.model, s.coder, first_frames{with(three, 0), false}, s.quick)[0].rgb;
    const video as_file = to_videos(three)[0];
    for (std::size_t i = 0; i < as_file.rgb.size(); ++i) CHECK(begun[i] == (i / 3 % 5 == 2 ? decoded : as_file.rgb)[i]);

    // A picture without holes that replaces one with holes has none; one clip with holes is that of every sample.
    const auto whole = sample(s.model, s.coder, keyframes{{{0, one}, {3, one}}}, s.quick)[0].rgb;
    CHECK(sample(s.model, s.coder, keyframes{{{0, one}, {3, with(one, 7)}, {3, one}}}, s.quick)[0].rgb == whole);
    CHECK(sample(s.model, s.coder, unconditional{2}, first_frames{with(three, 7)}, s.quick)[0].rgb == begun);
}

TEST_CASE("given frames that do not fit are refused with both values") {
    const scene s;
    const auto refused = [&](const auto& wanted, const auto& given, const char* what) {
        CHECK_THROWS_WITH(sample(s.model, s.coder, wanted, given, s.quick), Catch::Equals(what));
    };
    const unconditional one;
    refused(one, first_frames{scene::pixels(1, 2, 1)},
            "samples of 7 frames begin with 1, or 1 + 2 k given ones, up to 5; 2 came");
    refused(one, first_frames{scene::pixels(1, 7, 1)},
            "samples of 7 frames begin with 1, or 1 + 2 k given ones, up to 5; 7 came");
    refused(conditions{.known = {.mask = {1, 0, 0, 0}}}, first_frames{scene::pixels(1, 1, 1)},
            "samples are given frames, or conditions that have known ones; both came, the latter with a mask of 4");
    refused(labels{0, 1, 2}, first_frames{scene::pixels(2, 1, 1)},
            "3 samples are given a clip each, or one for all; 2 came");
    clips large{.shape = {1, 1, 6, 8}, .pixels = std::vector<float>(144)};
    refused(one, first_frames{large},
            "samples of 4 x 8 pixels cannot have given frames of 6 x 8: bring them to that size before");
    refused(one, known{scene::pixels(1, 3, 1), {1, 0, 0, 0}},
            "samples of 7 frames have known ones in clips of as many; 3 came");
    refused(one, known{scene::pixels(1, 7, 1), {1, 0}}, "1 samples of 4 latent frames have a mask of 4 or 4; 2 came");
    refused(one, known{scene::pixels(1, 7, 1), {1, 0, 2, 0}},
            "a mask is 1 where a latent frame is known, and 0 elsewhere; it has a 2");
    refused(one, known{scene::pixels(1, 7, 1), {0, 0, 0, 0}},
            "none of 4 latent frames of 1 samples is known: sample without given frames");
    refused(one, keyframes{{{4, scene::pixels(1, 1, 1)}}}, "samples of 4 latent frames have no keyframe at 4");
    refused(one, keyframes{{{1, scene::pixels(1, 2, 1)}}}, "a keyframe is a picture, a clip of 1 frame; 2 frames came");
    clips stack = scene::pixels(1, 3, 1);
    stack.is_image = {1};
    refused(one, first_frames{stack}, "clip 0 of the given frames is a stack of images, not a video");
    sampling images = s.quick;
    images.images = true;
    CHECK_THROWS_WITH(sample(s.model, s.coder, first_frames{scene::pixels(1, 1, 1)}, images),
                      Catch::Contains("only videos can be given frames"));
}

struct both_ways : tokens {
    static constexpr bool causal = false;
};
TEST_CASE("known latents of a tokenizer that sees the future depend on no other sample") {
    reference::context ctx;
    tokenizer<reference::context, both_ways, float> coder{ctx, both_ways{}, compute<float>, seed{2}};
    coder.measure_latents([](std::int64_t) { return scene::pixels(2, 7, 100); }, {.batches = 1});
    const sample_size size{2, 4, 2, 4, 8};
    const clips shown = scene::pixels(2, 7, 1);
    const auto known_of = [&](std::vector<std::uint8_t> mask) {
        return encode_known(coder, give(known{.frames = shown, .mask = std::move(mask)}, size));
    };
    const auto first = [](const known_frames& of) {
        return std::vector<float>(of.values.begin(), of.values.begin() + 96);
    };
    const known_frames alone = known_of({1, 0, 0, 0, 0, 0, 0, 0}), with = known_of({1, 0, 0, 0, 1, 1, 1, 1});
    CHECK((alone.values.size() == 192 && alone.mask == std::vector<float>{1, 0, 0, 0, 0, 0, 0, 0}));
    CHECK((with.values.size() == 192 && with.mask == std::vector<float>{1, 0, 0, 0, 1, 1, 1, 1}));
    CHECK(first(alone) == first(with));
    CHECK(first(known_of({1, 0, 0, 0, 1, 0, 0, 0})) == first(alone)); // together, as they end together
    CHECK_THROWS_WITH(known_of({0, 0, 0, 0, 0, 0, 0, 0}), Catch::Contains("4 latent frames of 2 samples is known"));
}
