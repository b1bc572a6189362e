// Long videos: rounds are made at once or one by one, each goes on from the end of the last, and is told what it is
// told.
#include "given_frames.hpp"

using namespace given_frames_tests;

namespace {
/// Of a video: the first clip's frames, and those of so many rounds.
std::vector<float> rounds(const scene& s, int count, const sampling& how, going_on on = {}) {
    long_video video(s.model, s.coder, how, on);
    std::vector<float> all;
    for (int round = 0; round <= count; ++round) {
        const clips some = video.next(s.text, prompts{"a bag", "a boat"});
        CHECK(some.shape == video_shape{2, round == 0 ? 7 : video.frames_added(), 4, 8});
        all.insert(all.end(), some.pixels.begin(), some.pixels.end());
    }
    return all;
}
} // namespace

TEST_CASE("a long video begins as a sample does, and a round is the sample that knows its last frames") {
    const scene s;
    long_video video(s.model, s.coder, s.quick);
    CHECK((video.frames_known() == 3 && video.frames_added() == 4));
    const clips first = video.next(s.text, prompts{"a bag"});
    CHECK(to_videos(first)[0].rgb == sample(s.model, s.coder, s.text, prompts{"a bag"}, s.quick)[0].rgb);
    CHECK(video.so_far().end == first.frames(4, 3));

    const clips more = video.next(s.text, prompts{"a bag"});
    CHECK(more.shape.frames == 4);
    bool found = false; // the round's seed is its own: no sample of the first one's
    conditions told = walt::told(s.text, prompts{"a bag"});
    told.known = encode_known(
        s.coder, give(first_frames{first.frames(4, 3)}, size_of_samples<decltype(s.model), decltype(s.coder)>(1)));
    const philox numbers{7, hash("long video")};
    sampling how = s.quick;
    for (const bool own : {false, true}) {
        if (own) how.seed = seed{std::uint64_t{numbers.bits(2)} << 32 | numbers.bits(3)};
        clips decoded = s.coder.decode(sample_latents(s.model, told, how)).frames(3, 4);
        for (float& x : decoded.pixels) x = std::clamp(x, -1.0f, 1.0f);
        found = distance(decoded.pixels, more.pixels) < 1e-6;
        CHECK(found == own);
    }
    CHECK(video.so_far().clips_made == 2);
}

TEST_CASE("a long video is the same made at once, again, and gone on with later; another seed gives another one") {
    const scene s;
    const auto whole = rounds(s, 3, s.quick);
    CHECK(rounds(s, 3, s.quick) == whole);
    std::vector<float> parts;
    video_so_far where;
    for (int round = 0; round <= 3; ++round) { // a new object, as a new program would have it
        long_video video(s.model, s.coder, s.quick, {}, where);
        const clips some = video.next(s.text, prompts{"a bag", "a boat"});
        parts.insert(parts.end(), some.pixels.begin(), some.pixels.end());
        where = video.so_far();
    }
    CHECK(parts == whole);
    sampling other = s.quick;
    other.seed = seed{8};
    CHECK(rounds(s, 3, other) != whole);
}

TEST_CASE("a round can be told something else, know fewer frames, and have noise on them") {
    const scene s;
    const auto last = [&](const char* then, going_on on) {
        long_video video(s.model, s.coder, s.quick, on);
        video.next(s.text, prompts{"a bag"});
        return video.next(s.text, prompts{then}).pixels;
    };
    const auto same = last("a bag", {});
    CHECK(last("a bag", {}) == same);
    CHECK(last("a boat", {}) != same);
    CHECK(last("a bag", {.known = 1}).size() == std::size_t{6} * 96);
    const auto noised = last("a bag", {.noise = 200});
    CHECK(noised != same);
    CHECK(last("a bag", {.noise = 200}) == noised);
    CHECK(distance(noised, same) > distance(last("a bag", {.noise = 0}), same)); // level 0 is nearly none
}

TEST_CASE("a long video can begin with given frames") {
    const scene s;
    const clips given = scene::pixels(1, 1, 1);
    long_video video(s.model, s.coder, s.quick);
    CHECK_THROWS_WITH(video.begin(conditions{.known = {.mask = {1, 0, 0, 0}}}, first_frames{given}),
                      Catch::Contains("both came, the latter with a mask of 4"));
    const clips made = video.begin(s.text, prompts{"a bag", "a boat"}, first_frames{given});
    CHECK(to_videos(made)[1].rgb ==
          sample(s.model, s.coder, s.text, prompts{"a bag", "a boat"}, first_frames{given}, s.quick)[1].rgb);
    CHECK(std::equal(given.pixels.begin(), given.pixels.end(), made.pixels.begin()));
    CHECK(video.next(conditions{.samples = 2, .labels = {0, 1}}).shape == video_shape{2, 4, 4, 8});
    CHECK_THROWS_WITH(video.begin(s.text, prompts{"a bag"}, first_frames{given}),
                      Catch::Equals("a video is given frames in its first clip; 2 are made"));
}

TEST_CASE("a long video can follow one from elsewhere") {
    const scene s;
    long_video video(s.model, s.coder, s.quick), same(s.model, s.coder, s.quick), beside(s.model, s.coder, s.quick);
    const clips first = video.next(conditions{.samples = 2});
    same.follow(first);
    CHECK(same.next(conditions{.samples = 2}) == video.next(conditions{.samples = 2}));
    beside.follow(scene::pixels(2, 3, 1));
    CHECK(beside.next(conditions{.samples = 2}).shape == video_shape{2, 4, 4, 8});
    CHECK_THROWS_WITH(beside.follow(first), Catch::Contains("2 are made"));
    long_video other(s.model, s.coder, s.quick);
    CHECK_THROWS_WITH(other.follow(scene::pixels(1, 2, 1)),
                      Catch::Equals("a round knows 3 frames of pixels; the video to follow has 2"));
    CHECK_THROWS_WITH(other.follow({.shape = {1, 3, 4, 6}, .pixels = std::vector<float>(216)}),
                      Catch::Contains("4 x 8 pixels") && Catch::Contains("4 x 6"));
}

TEST_CASE("long videos that cannot be are refused with both values") {
    const scene s;
    CHECK_THROWS_WITH(long_video(s.model, s.coder, s.quick, {.known = 4}),
                      Catch::Equals("a round of 4 latent frames knows 1 to 3 of them, not 4"));
    CHECK_THROWS_WITH(long_video(s.model, s.coder, s.quick, {.noise = 1000}), Catch::Contains("not at 1000"));
    CHECK_THROWS_WITH(long_video(s.model, s.coder, s.quick, {}, {.clips_made = 2}),
                      Catch::Contains("2 clips and 0 frames came"));
    CHECK_THROWS_WITH(long_video(s.model, s.coder, s.quick, {}, {1, scene::pixels(1, 2, 1)}),
                      Catch::Equals("a round knows 3 frames of pixels; 2 came"));
    long_video video(s.model, s.coder, s.quick);
    video.next(conditions{.samples = 2});
    const clips before = video.so_far().end;
    CHECK_THROWS_WITH(video.next(conditions{.samples = 3}),
                      Catch::Equals("2 videos go on, and 3 samples were told something"));
    CHECK_THROWS_WITH(video.next(conditions{.samples = 2, .known = {{}, {1, 0, 0, 0, 1, 0, 0, 0}}}),
                      Catch::Equals("a round knows the video's last 3 frames; a mask of 8 others came"));
    CHECK(video.so_far().end == before);
}

TEST_CASE("what stands where a followed video's pixels are missing is not seen") {
    const scene s;
    const auto after = [&](float under) {
        clips end = scene::pixels(1, 3, 1);
        end.present.assign(end.pixels.size() / 3, 1);
        for (std::size_t i = 0; i < end.pixels.size(); ++i)
            if (i / 3 % 5 == 2) end.present[i / 3] = 0, end.pixels[i] = under;
        long_video video(s.model, s.coder, s.quick);
        video.follow(end);
        return video.next(s.text, prompts{"a bag"}).pixels;
    };
    CHECK(after(7) == after(0));
}
