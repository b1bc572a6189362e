// Cached latents as training batches: every clip once an epoch, images from first frames, an exact mixture; labels,
// texts, both or neither.
#include "../catch.hpp"

#include <walt/data/latent_cache.hpp>
#include <walt/data/latent_pairs.hpp>
#include <walt/text/word_vectors.hpp>

#include <memory>
#include <set>

using namespace walt;

namespace {

/// Clip i is the number i everywhere; its caption is "clip i", that of its first frame "image i".
struct numbered {
    std::int64_t clips = 10;
    std::int64_t size() const { return clips; }
    int frames() const { return 5; }
    int height() const { return 2; }
    int width() const { return 4; }
    void read(walt::seed, std::int64_t i, clip& out) const {
        std::fill(out.pixels.begin(), out.pixels.end(), static_cast<float>(i));
        out.caption = "clip " + std::to_string(i);
    }
};
struct with_stills : numbered {
    void read_frame(walt::seed, std::int64_t i, int, clip& out) const {
        std::fill(out.pixels.begin(), out.pixels.end(), static_cast<float>(i));
        out.caption = "image " + std::to_string(i);
    }
};
/// Clip i has label i % 4, but clip 7 none.
struct labelled : numbered {
    int classes() const { return 4; }
    void read(walt::seed seed, std::int64_t i, clip& out) const {
        numbered::read(seed, i, out);
        if (i != 7) out.label = static_cast<std::int32_t>(i % 4);
    }
};
/// Frame f of clip i has the numbers (i, f); of clip 3 nothing is known in frames 3 and 4, of clip 5 not in frame 4.
struct measured_frames : numbered {
    int numbers() const { return 2; }
    void read(walt::seed seed, std::int64_t i, clip& out) const {
        numbered::read(seed, i, out);
        for (std::size_t f = 0; f < 5; ++f) {
            out.numbers[2 * f] = static_cast<float>(i);
            out.numbers[2 * f + 1] = static_cast<float>(f);
            if ((i == 3 && f > 2) || (i == 5 && f > 3)) out.numbers_valid[f] = 0;
        }
    }
};

/// Frame f of clip i becomes the latent (i, f): five frames become three.
struct fake_tokenizer {
    std::shared_ptr<int> calls = std::make_shared<int>(0);
    latents encode(const clips& from, latent_scale scale) const {
        from.check();
        ++*calls;
        latents made;
        made.shape = {from.shape.count, 3, 1, 2, 2};
        made.scale = scale;
        for (std::int64_t b = 0; b < from.shape.count; ++b)
            for (int f = 0; f < 3; ++f)
                for (int p = 0; p < 2; ++p) {
                    made.values.push_back(from.pixels[static_cast<std::size_t>(b * from.shape.sample())]);
                    made.values.push_back(static_cast<float>(f));
                }
        carry_conditions(from, made);
        return made;
    }
};

/// A latent frame of it depends on later frames.
struct looks_ahead : fake_tokenizer {
    struct dims {
        static constexpr bool sees_no_future = false;
    };
};
struct pictures : numbered {
    int frames() const { return 1; }
};

struct seen {
    std::multiset<int> videos, images;
    int stacks = 0;
};

/// Reads batches [0, count) and checks that every sample is whole: latents, captions and frames belong together.
seen read(const latent_cache& cache, int count, const std::string& still) {
    const word_vectors text;
    seen all;
    for (int n = 0; n < count; ++n) {
        const latents batch = cache(n);
        batch.check();
        CHECK((batch.labels.empty() && batch.numbers.empty()));
        for (std::size_t b = 0; b < batch.is_image.size(); ++b) {
            all.stacks += batch.is_image[b];
            for (std::size_t f = 0; f < 3; ++f) {
                const float* latent = batch.values.data() + (b * 3 + f) * 4;
                const int clip = static_cast<int>(latent[0]);
                REQUIRE(latent[1] ==
                        static_cast<float>(batch.is_image[b] ? 0 : f)); // an image is the first latent frame
                REQUIRE(latent[2] == latent[0]);
                const std::string caption = (batch.is_image[b] ? still : "clip ") + std::to_string(clip);
                const text_batch expected = text.encode(std::span(&caption, 1));
                const auto row = static_cast<std::size_t>(batch.text.row[b * 3 + f]);
                REQUIRE(std::equal(expected.vectors.begin(), expected.vectors.end(),
                                   batch.text.vectors.data() + row * 8 * 64));
                REQUIRE(std::equal(expected.valid.begin(), expected.valid.end(), batch.text.valid.data() + row * 8));
                if (batch.is_image[b]) all.images.insert(clip);
                else if (f == 0) all.videos.insert(clip);
            }
        }
    }
    return all;
}

} // namespace

TEST_CASE("every clip comes once an epoch, in another order each", "[latent_cache]") {
    const fake_tokenizer tokenizer;
    const latent_cache cache(tokenizer, word_vectors(), numbered{},
                             {.clips = 10, .batch = 5, .image_rate = 0, .encode_at_once = 4});
    CHECK(*tokenizer.calls == 3); // 4 + 4 + 2 clips
    const seen one = read(cache, 2, "");
    CHECK(one.videos == std::multiset<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(read(cache, 4, "").videos.count(3) == 2);
    CHECK(cache(0).values != cache(2).values);
    CHECK(cache(1) == cache(1));
    CHECK(cache(1).shape == video_shape{5, 3, 1, 2, 2});
}

TEST_CASE("stacks of images come at the rate asked for, from first frames and with their captions", "[latent_cache]") {
    const latent_cache cache(fake_tokenizer{}, word_vectors(), with_stills{},
                             {.clips = 10, .batch = 4, .image_rate = 0.25});
    const seen all = read(cache, 100, "image ");
    CHECK(all.stacks == 100);
    CHECK(all.videos.size() == 300);
    for (int i = 0; i < 10; ++i) CHECK((all.images.count(i) == 30 && all.videos.count(i) == 30)); // whole epochs
    const latent_cache one_epoch(fake_tokenizer{}, word_vectors(), with_stills{{9}},
                                 {.clips = 9, .batch = 4, .image_rate = 0.25});
    const seen once = read(one_epoch, 3, "image "); // 9 videos and 3 stacks of 3 images
    CHECK(once.videos == std::multiset<int>{0, 1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(once.images == once.videos);

    const latent_cache only_images(fake_tokenizer{}, word_vectors(), numbered{},
                                   {.clips = 10, .batch = 4, .image_rate = 1});
    CHECK(read(only_images, 10, "clip ").stacks == 40); // a dataset without still captions gives its own
}

TEST_CASE("labels come with their clips and images, with texts or without; no label stays no label", "[latent_cache]") {
    const latent_caching how{.clips = 10, .batch = 4, .image_rate = 0.25};
    const latent_cache alone(fake_tokenizer{}, labelled{}, how),
        with_texts(fake_tokenizer{}, word_vectors(), labelled{}, how), neither(fake_tokenizer{}, numbered{}, how);
    CHECK((with_texts.words() == vocabulary("clip 0 1 2 3 4 5 6 7 8 9") && alone.words().empty()));
    int none = 0;
    for (int n = 0; n < 20; ++n) {
        const latents batch = alone(n), both = with_texts(n), bare = neither(n);
        for (const latents* one : {&batch, &both, &bare}) one->check();
        REQUIRE(batch.labels.size() == 12);
        for (std::size_t f = 0; f < 12; ++f) {
            const int clip = static_cast<int>(batch.values[f * 4]);
            REQUIRE(batch.labels[f] == (clip == 7 ? no_label : clip % 4));
            none += clip == 7;
        }
        CHECK((both.labels == batch.labels && both.values == batch.values && bare.values == batch.values));
        CHECK((batch.text.row.empty() && bare.text.row.empty() && both.text.row.size() == 12));
        CHECK(bare.labels.empty());
    }
    CHECK(none > 0);
}

TEST_CASE("numbers are those of a latent frame's frames: the mean of what is known", "[latent_cache]") {
    const latent_cache cache(fake_tokenizer{}, measured_frames{}, {.clips = 10, .batch = 4, .image_rate = 0.25});
    std::set<int> clips, stills;
    for (int n = 0; n < 20; ++n) {
        const latents batch = cache(n);
        batch.check();
        REQUIRE(batch.numbers.size() == 24);
        REQUIRE(batch.numbers_valid.size() == 12);
        for (std::size_t f = 0; f < 12; ++f) {
            const bool still = batch.is_image[f / 3];
            const int clip = static_cast<int>(batch.values[f * 4]), frame = still ? 0 : static_cast<int>(f % 3);
            (still ? stills : clips).insert(clip);
            // Latent frame 1 is made of frames 1 and 2, latent frame 2 of frames 3 and 4.
            const bool known = !(clip == 3 && frame == 2);
            const double mean = frame == 0 ? 0 : frame == 1 ? 1.5 : clip == 5 ? 3 : 3.5;
            CHECK(batch.numbers_valid[f] == known);
            CHECK(batch.numbers[2 * f] == Approx(known ? clip : 0));
            CHECK(batch.numbers[2 * f + 1] == Approx(known ? mean : 0));
        }
    }
    CHECK((clips.size() == 10 && stills.size() == 10));
}

TEST_CASE("a cache keeps nothing of what it was made of", "[latent_cache]") {
    const auto made = [] {
        const auto tokenizer = std::make_unique<fake_tokenizer>();
        const auto text = std::make_unique<word_vectors>();
        const auto data = std::make_unique<numbered>();
        return latent_cache(*tokenizer, *text, *data, {.clips = 10, .batch = 5, .image_rate = 0});
    };
    CHECK(read(made(), 2, "").videos.size() == 10);
}

TEST_CASE("a cache that cannot be made is refused with both numbers", "[latent_cache]") {
    const fake_tokenizer tokenizer;
    const word_vectors text;
    CHECK_THROWS_WITH(latent_cache(tokenizer, text, numbered{}, {.clips = 11}),
                      Catch::Contains("10") && Catch::Contains("11"));
    CHECK_THROWS_WITH(latent_cache(tokenizer, text, numbered{}, {.clips = 0}), Catch::Contains("it is 0"));
    CHECK_THROWS_WITH(latent_cache(tokenizer, text, numbered{}, {.clips = 4, .batch = 0}), Catch::Contains("it is 0"));
    CHECK_THROWS_WITH(latent_cache(tokenizer, numbered{}, {.clips = 4, .encode_at_once = 0}),
                      Catch::Contains("encode_at_once") && Catch::Contains("it is 0"));
    CHECK_THROWS_WITH(latent_cache(tokenizer, text, numbered{}, {.clips = 4, .image_rate = 1.5}),
                      Catch::Contains("1.5"));
}

TEST_CASE("a first latent frame that saw later ones is no image's", "[latent_cache]") {
    static_assert(!sees_no_future<looks_ahead>() && sees_no_future<fake_tokenizer>());
    static_assert(!sees_no_future<latent_pairs<looks_ahead, fake_tokenizer>>() &&
                  !sees_no_future<latent_pairs<fake_tokenizer, looks_ahead>>() &&
                  sees_no_future<latent_pairs<fake_tokenizer, fake_tokenizer>>());
    const looks_ahead tokenizer;
    CHECK_THROWS_WITH(latent_cache(tokenizer, numbered{}, {.clips = 10, .batch = 4}),
                      Catch::Equals("a first latent frame is an image's only if it sees no later frame: with this "
                                    "tokenizer (its config's causal is false) and clips of 5 frames "
                                    "latent_caching::image_rate must be 0; it is 0.25"));
    CHECK_THROWS_WITH(latent_cache(tokenizer, word_vectors(), numbered{}, {.clips = 10, .batch = 4}),
                      Catch::Contains("it is 0.25"));
    CHECK(*tokenizer.calls == 0);
    CHECK(latent_cache(tokenizer, numbered{}, {.clips = 10, .batch = 4, .image_rate = 0})(0).shape.count == 4);
    CHECK(latent_cache(tokenizer, pictures{}, {.clips = 10, .batch = 4})(0).shape.count == 4); // there is no later one
}
