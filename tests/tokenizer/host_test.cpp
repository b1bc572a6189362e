// The tokenizer as users call it: clips to latents and back, stacks of images, and latents that were never measured.
#include "../catch.hpp"
#include "tiny_tokenizer.hpp"

#include <walt/data/batches.hpp>
#include <walt/data/latent_cache.hpp>
#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <limits>

using namespace walt;

namespace {

using tiny = testing::tiny_tokenizer;

struct scene {
    reference::context ctx;
    tokenizer<reference::context, tiny, float> tokens{ctx, tiny{}, compute<float>, seed{1}};
    clips batch{.shape = {2, 3, 4, 4}, .pixels = std::vector<float>(288)};
    scene() { testing::fill_normal(batch.pixels, 4, 0.5); }
};

/// Normal pixels; label i % 3.
struct noise {
    std::int64_t size() const { return 12; }
    int frames() const { return 3; }
    int height() const { return 4; }
    int width() const { return 4; }
    int classes() const { return 3; }
    void read(walt::seed, std::int64_t i, clip& out) const {
        testing::fill_normal(out.pixels, static_cast<std::uint64_t>(10 + i), 0.5);
        out.label = static_cast<std::int32_t>(i % 3);
    }
};

/// Mean and deviation of every channel.
std::vector<double> moments(const std::vector<float>& values, std::size_t channels) {
    std::vector<double> found;
    const double rows = static_cast<double>(values.size() / channels);
    for (std::size_t c = 0; c < channels; ++c) {
        double mean = 0, squares = 0;
        for (std::size_t i = c; i < values.size(); i += channels) mean += static_cast<double>(values[i]) / rows;
        for (std::size_t i = c; i < values.size(); i += channels)
            squares += std::pow(static_cast<double>(values[i]) - mean, 2) / rows;
        found.push_back(mean);
        found.push_back(std::sqrt(squares));
    }
    return found;
}

} // namespace

TEST_CASE("clips have latents of their shape, and latents clips; the scale cancels", "[tokenizer]") {
    scene s;
    const latents raw = s.tokens.encode(s.batch, latent_scale::raw);
    CHECK(raw.shape == video_shape{2, 2, 2, 2, 3});
    raw.check();
    const clips plain = s.tokens.decode(raw);
    CHECK(plain.shape == s.batch.shape);
    plain.check();
    s.tokens.measure_latents([&](std::int64_t) { return s.batch; }, {.batches = 1});
    const latents normal = s.tokens.encode(s.batch);
    CHECK(normal.values != raw.values);
    CHECK(s.tokens.encode(s.batch, latent_scale::raw) == raw);
    const clips again = s.tokens.decode(normal);
    for (std::size_t i = 0; i < plain.pixels.size(); ++i)
        REQUIRE(again.pixels[i] == Approx(plain.pixels[i]).margin(1e-4));
}

TEST_CASE("a stack of images is each image alone", "[tokenizer]") {
    scene s;
    s.batch.is_image = {1, 1};
    s.batch.labels = {0, 1, 2, 3, 4, 5};
    const latents stacks = s.tokens.encode(s.batch, latent_scale::raw);
    stacks.check();
    CHECK(stacks.shape == video_shape{2, 3, 2, 2, 3});
    CHECK((stacks.is_image == s.batch.is_image && stacks.labels == s.batch.labels));
    for (std::ptrdiff_t i = 0; i < 6; ++i) {
        const clips image{.shape = {1, 1, 4, 4},
                          .pixels = {s.batch.pixels.begin() + 48 * i, s.batch.pixels.begin() + 48 * (i + 1)}};
        const latents alone = s.tokens.encode(image, latent_scale::raw);
        CHECK(std::equal(alone.values.begin(), alone.values.end(), stacks.values.begin() + 12 * i));
    }
    const clips back = s.tokens.decode(stacks);
    CHECK((back.shape == s.batch.shape && back.is_image == s.batch.is_image));
    s.batch.is_image = {1, 0};
    CHECK_THROWS_WITH(s.tokens.encode(s.batch, latent_scale::raw),
                      Catch::Contains("1 of 2") && Catch::Contains("apart"));
    s.batch.is_image = {1};
    CHECK_THROWS_WITH(s.tokens.encode(s.batch, latent_scale::raw), Catch::Contains("2 kinds"));
}

TEST_CASE("latents that were never measured are refused, unless raw ones are wanted", "[tokenizer]") {
    scene s;
    CHECK_FALSE(s.tokens.measured());
    CHECK_THROWS_WITH(s.tokens.encode(s.batch),
                      Catch::Contains("never measured") && Catch::Contains("measure_latents"));
    CHECK_THROWS_WITH(latent_cache(s.tokens, noise{}, {.clips = 4, .batch = 2}), Catch::Contains("never measured"));
    const latent_cache raw(s.tokens, noise{}, {.clips = 4, .batch = 2, .scale = latent_scale::raw});
    CHECK(raw(0).scale == latent_scale::raw);
    s.tokens.measure_latents(batches(noise{}, {.batch = 4}), {.batches = 3});
    CHECK(s.tokens.measured());
    const latents batch = latent_cache(s.tokens, noise{}, {.clips = 12, .batch = 12, .image_rate = 0})(0);
    CHECK(batch.labels.size() == 24);
    const std::vector<double> found = moments(batch.values, 3); // of the clips that were measured, in bf16
    for (std::size_t c = 0; c < 3; ++c) {
        CHECK(found[2 * c] == Approx(0).margin(5e-3));
        CHECK(found[2 * c + 1] == Approx(1).margin(5e-3));
    }
}

TEST_CASE("latents that are no numbers are not measured", "[tokenizer]") {
    scene s;
    const auto before = s.tokens.host_masters();
    clips broken = s.batch;
    broken.pixels[5] = std::numeric_limits<float>::quiet_NaN();
    const auto source = [&](std::int64_t n) { return n == 1 ? broken : s.batch; };
    CHECK_THROWS_WITH(s.tokens.measure_latents(source, {.batches = 2}),
                      Catch::Contains("channel 0 of the latents of 2 batches has mean nan") &&
                          Catch::Contains("not finite"));
    CHECK(s.tokens.host_masters() == before);
    CHECK_FALSE(s.tokens.measured());
    broken.present.assign(broken.pixels.size() / 3, 1); // a missing one may be what it likes
    broken.present[1] = 0;
    s.tokens.measure_latents(source, {.batches = 2});
    CHECK(s.tokens.measured());
}

TEST_CASE("a source is measured as its clips at once would be, its stacks as images", "[tokenizer]") {
    scene s, whole;
    const clips all = read_clips(noise{}, {}, 0, 12);
    s.tokens.measure_latents([](std::int64_t n) { return read_clips(noise{}, {}, 3 * n, 3); }, {.batches = 4});
    const std::vector<double> expected = moments(whole.tokens.encode(all, latent_scale::raw).values, 3);
    const auto statistics = [](const auto& tokens) {
        std::vector<double> found;
        const std::vector<float> masters = tokens.host_masters();
        const auto& latent = tokens.network().latent;
        for (std::size_t c = 0; c < 3; ++c) {
            found.push_back(static_cast<double>(masters[latent.mean.offset.all + c]));
            found.push_back(static_cast<double>(masters[latent.deviation.offset.all + c]));
        }
        return found;
    };
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(statistics(s.tokens)[i] == Approx(expected[i]).epsilon(1e-4).margin(1e-5));

    clips mixed = all;
    for (std::size_t b = 0; b < 12; ++b) mixed.is_image[b] = b % 3 == 0;
    std::vector<float> values = whole.tokens.encode(mixed.part(false), latent_scale::raw).values;
    const latents images = whole.tokens.encode(mixed.part(true), latent_scale::raw);
    values.insert(values.end(), images.values.begin(), images.values.end());
    s.tokens.measure_latents([&](std::int64_t) { return mixed; }, {.batches = 1});
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(statistics(s.tokens)[i] == Approx(moments(values, 3)[i]).epsilon(1e-4).margin(1e-5));
    CHECK_THROWS_WITH(s.tokens.measure_latents([&](std::int64_t) { return mixed; }, {.batches = 0}),
                      Catch::Contains("it is 0"));
}
