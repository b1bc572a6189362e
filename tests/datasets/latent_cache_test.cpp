// Cached latents as training batches: every clip once an epoch, images from first frames, an exact mixture.
#include "../catch.hpp"

#include <walt/core/buffer.hpp>
#include <walt/data/latent_cache.hpp>
#include <walt/text/word_vectors.hpp>

#include <set>

using namespace walt;

namespace {

/// Clip i is the number i everywhere; its caption is "clip i", that of its first frame "image i".
struct numbered {
    std::int64_t clips = 10;
    bool stills = true;
    std::int64_t size() const { return clips; }
    int frames() const { return 5; }
    int height() const { return 2; }
    int width() const { return 4; }
    void read(std::uint64_t, std::int64_t i, float* pixels, std::string& caption) const {
        std::fill_n(pixels, 5 * 2 * 4 * 3, static_cast<float>(i));
        caption = "clip " + std::to_string(i);
    }
};
struct numbered_with_stills : numbered {
    void read_frame(std::uint64_t, std::int64_t i, int, float* pixels, std::string& caption) const {
        std::fill_n(pixels, 2 * 4 * 3, static_cast<float>(i));
        caption = "image " + std::to_string(i);
    }
};

/// Frame f of clip i becomes the latent (i, f).
struct fake_tokenizer {
    struct dims {
        static constexpr int latent = 2;
    };
    struct size {
        std::int64_t batch, frames, height, width;
    };
    struct module_type {
        static size latent_size(size of) { return {of.batch, (of.frames - 1) / 2 + 1, of.height / 2, of.width / 2}; }
    };
    mutable int calls = 0;
    std::vector<float> encode(const std::vector<float>& pixels, std::int64_t batch, std::int64_t frames,
                              std::int64_t height, std::int64_t width) const {
        REQUIRE(static_cast<std::int64_t>(pixels.size()) == batch * frames * height * width * 3);
        ++calls;
        std::vector<float> latents;
        for (std::int64_t b = 0; b < batch; ++b)
            for (int f = 0; f < 3; ++f)
                for (int p = 0; p < 2; ++p) {
                    latents.push_back(pixels[static_cast<std::size_t>(b * frames * height * width * 3)]);
                    latents.push_back(static_cast<float>(f));
                }
        return latents;
    }
};

struct seen {
    std::multiset<int> videos, images;
    int stacks = 0;
};

/// Reads batches [0, count) and checks that every sample is whole: latents, captions and frames belong together.
template <class Cache> seen read(const Cache& cache, int count, const std::string& still) {
    const word_vectors text;
    seen all;
    for (int n = 0; n < count; ++n) {
        const latents batch = cache(n);
        REQUIRE(batch.values.size() == batch.is_image.size() * 3 * 2 * 2);
        REQUIRE(batch.text.row.size() == batch.is_image.size() * 3);
        for (std::size_t b = 0; b < batch.is_image.size(); ++b) {
            all.stacks += batch.is_image[b];
            for (std::size_t f = 0; f < 3; ++f) {
                const float* latent = batch.values.data() + (b * 3 + f) * 4;
                const int clip = static_cast<int>(latent[0]);
                REQUIRE(latent[1] ==
                        static_cast<float>(batch.is_image[b] ? 0 : f)); // an image is the first latent frame
                REQUIRE(latent[2] == latent[0]);
                std::vector<float> expected(8 * 64);
                std::vector<std::uint8_t> valid(8);
                text.encode((batch.is_image[b] ? still : "clip ") + std::to_string(clip), expected.data(),
                            valid.data());
                const float* row = batch.text.vectors.data() + batch.text.row[b * 3 + f] * 8 * 64;
                REQUIRE(std::equal(expected.begin(), expected.end(), row));
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
    const word_vectors text;
    const latent_cache cache(tokenizer, text, numbered{},
                             {.clips = 10, .batch = 5, .image_rate = 0, .encode_at_once = 4});
    CHECK(tokenizer.calls == 3); // 4 + 4 + 2 clips
    const seen one = read(cache, 2, "");
    CHECK(one.videos == std::multiset<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(read(cache, 4, "").videos.count(3) == 2);
    CHECK(cache(0).values != cache(2).values);
    CHECK(cache(1).values == cache(1).values);
}

TEST_CASE("stacks of images come at the rate asked for, from first frames and with their captions", "[latent_cache]") {
    const fake_tokenizer tokenizer;
    const word_vectors text;
    const latent_cache cache(tokenizer, text, numbered_with_stills{}, {.clips = 10, .batch = 4, .image_rate = 0.25});
    const seen all = read(cache, 100, "image ");
    CHECK(all.stacks == 100);
    CHECK(all.videos.size() == 300);
    for (int i = 0; i < 10; ++i) CHECK(all.images.count(i) > 10); // 30 each when even

    const latent_cache only_images(tokenizer, text, numbered{}, {.clips = 10, .batch = 4, .image_rate = 1});
    CHECK(read(only_images, 10, "clip ").stacks == 40); // a dataset without still captions gives its own
}

TEST_CASE("a cache that cannot be made is refused with both numbers", "[latent_cache]") {
    const fake_tokenizer tokenizer;
    const word_vectors text;
    CHECK_THROWS_WITH(latent_cache(tokenizer, text, numbered{}, {.clips = 11}),
                      Catch::Contains("10") && Catch::Contains("11"));
    CHECK_THROWS_WITH(latent_cache(tokenizer, text, numbered{}, {.clips = 0}), Catch::Contains("it is 0"));
    CHECK_THROWS_WITH(latent_cache(tokenizer, text, numbered{}, {.clips = 4, .batch = 0}),
                      Catch::Contains("they are 0"));
    CHECK_THROWS_WITH(latent_cache(tokenizer, text, numbered{}, {.clips = 4, .image_rate = 1.5}),
                      Catch::Contains("1.5"));
}
