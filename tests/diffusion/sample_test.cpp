// Sampling by text, by class and by nothing: what the network is asked, what comes out, what is refused.
#include "../catch.hpp"

#include <walt/diffusion/measure_numbers.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/reference.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <limits>

using namespace walt;

namespace {

struct both : denoiser_config { // text and classes
    static constexpr int frames = 2, height = 2, width = 4, channels = 3, hidden = 16, heads = 2, depth = 2,
                         classes = 3, text_dim = 4, text_tokens = 3;
    static constexpr window spatiotemporal_window{0, 2, 2};
};
struct neither : both {
    static constexpr int classes = 0, text_dim = 0, text_tokens = 0;
};
struct upsampler : neither {
    static constexpr bool super_resolution = true;
};
struct told_all : both { // and numbers, and known frames
    static constexpr int numbers = 2;
    static constexpr bool frame_prediction = true;
};
struct small_tokens : tokenizer_config {
    static constexpr int channels = 4, blocks = 1, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};
/// A model whose every parameter is drawn, so that no gate is zero.
template <class Config> struct scene {
    reference::context ctx;
    denoiser<reference::context, Config, double> model{ctx, Config{}, compute<double>, seed{1}};
    word_vectors text{4, 3};
    scene() {
        std::vector<double> masters = model.host_masters();
        for (std::size_t i = 0; i < masters.size(); ++i)
            masters[i] += 0.2 * static_cast<double>(philox{3, 9}.normal(i));
        model.assign(masters);
    }
};

const sampling quick{.sampler = ddim{.steps = 4}};

/// DDIM over any list of levels.
struct visiting : ddim {
    std::vector<int> list;
    std::vector<int> levels() const { return list; }
};

double distance(const latents& of, const latents& from) {
    const std::vector<float>&a = of.values, &b = from.values;
    REQUIRE(a.size() == b.size());
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    return sum / static_cast<double>(a.size());
}

} // namespace

TEST_CASE("a sample is the DDIM run of its own text, whatever its neighbours' are") {
    scene<both> s;
    const auto pair = sample_latents(s.model, s.text, prompts{"a red bag", "a boat"}, quick);
    const auto alone = sample_latents(s.model, s.text, prompts{"a red bag"}, quick);
    const auto twice = sample_latents(s.model, s.text, prompts{"a red bag", "a red bag"}, quick);
    CHECK(pair.shape == video_shape{2, 2, 2, 4, 3});
    CHECK(std::equal(alone.values.begin(), alone.values.end(), pair.values.begin()));
    CHECK(distance(pair, twice) > 1e-3); // the second sample's text counts

    // By hand: the noise, then model.predict under DDIM.
    arena memory{allocate_host};
    const auto x = memory.take<double, dynamic, 2, 2, 4, 3>(1);
    ops::normal(s.ctx, philox{0, noise_name("a red bag")}, x);
    denoiser_input<double, both> in;
    const text_batch text = encode_captions(s.text, {"a red bag", "a red bag"});
    const std::vector<double> numbers(text.vectors.begin(), text.vectors.end());
    const std::vector<std::int32_t> no_class{3, 3};
    in.label = view<const std::int32_t, dynamic>(no_class.data(), 2);
    in.text = view<const double, dynamic, 4>(numbers.data(), 6);
    in.text_valid = view<const std::uint8_t, dynamic>(text.valid.data(), 6);
    in.text_row = view<const std::int32_t, dynamic>(text.row.data(), 2);
    const std::uint8_t video = 0;
    in.is_image = view<const std::uint8_t, dynamic>(&video, 1);
    run_sampler(
        s.ctx, quick, in, x, [&](const auto& asked, auto v) { s.model.predict(asked, v); }, [](int, auto) {});
    for (std::size_t i = 0; i < alone.values.size(); ++i) CHECK(alone.values[i] == static_cast<float>(x.data()[i]));
}

TEST_CASE(
    "a clip of a list is the same alone, in a part of the list and behind others; the same text again is another") {
    scene<both> s;
    for (const float eta : {0.0f, 1.0f}) {
        const sampling how{.sampler = ddim{.steps = 4, .eta = eta}, .seed = seed{1}};
        const prompts list{"a bag", "a boat", "a boot", "a bag"};
        const auto all = sample_latents(s.model, s.text, list, how);
        const auto size = static_cast<std::ptrdiff_t>(all.values.size() / 4);
        const auto is_clip = [&](const latents& one, std::ptrdiff_t k) {
            return std::equal(one.values.begin(), one.values.end(), all.values.begin() + k * size);
        };
        CHECK(is_clip(sample_latents(s.model, s.text, prompts{"a boot"}, how), 2));
        CHECK(is_clip(sample_latents(s.model, s.text, list.part(1, 2), how), 1));
        CHECK(is_clip(sample_latents(s.model, s.text, list.part(3, 1), how), 3));
        CHECK_FALSE(is_clip(sample_latents(s.model, s.text, prompts{"a bag"}, how), 3));
        CHECK_THROWS_WITH(list.part(3, 2), Catch::Contains("prompts 3 to 5"));
        conditions third = told(labels{2}), three = told(labels{0, 1, 2});
        third.noise = {2};
        const auto of_three = sample_latents(s.model, three, how), alone = sample_latents(s.model, third, how);
        CHECK(std::equal(alone.values.begin(), alone.values.end(), of_three.values.begin() + 2 * size));
    }
    CHECK_THROWS_WITH(sample_latents(s.model, s.text, prompts{"caf\xE9"}, quick), Catch::Contains("not valid UTF-8"));
}

TEST_CASE("a sample that is not finite is an error, and options are refused by name") {
    scene<both> s;
    sampling how = quick;
    for (const float scale : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e38f}) {
        how.guide.scale = scale;
        CHECK_THROWS_WITH(sample_latents(s.model, labels{1}, how), Catch::Contains("guidance::scale must be"));
        CHECK_THROWS_WITH(sample_latents(s.model, unconditional{1}, how), // which there is nothing to guide of
                          Catch::Contains("guidance::scale must be"));
        CHECK_THROWS_WITH(sample_latents(s.model, prepare(s.model, conditions{}), how),
                          Catch::Contains("guidance::scale must be"));
    }
    auto masters = s.model.host_masters();
    masters[parameter_table<transformer<both>>()[4].offset] = std::numeric_limits<double>::quiet_NaN();
    s.model.assign(masters);
    CHECK_THROWS_WITH(sample_latents(s.model, labels{1, 2}, quick), Catch::Contains("sample 0 of 2 is not finite"));
}

TEST_CASE("an input that lacks what its model needs is refused in a sentence") {
    scene<told_all> s;
    arena memory{allocate_host};
    using input = denoiser_input<double, told_all>;
    const auto x = memory.take<double, dynamic, 2, 2, 4, 3>(1), answer = memory.take<double, dynamic, 2, 2, 4, 3>(1);
    ops::fill(s.ctx, x, 0);
    const std::vector<std::int32_t> none{3, 3}, rows{0, 0}, beyond{0, 1 << 20}, levels{5, 5};
    const std::vector<std::uint8_t> video{0}, invalid(3), not_known(2);
    const std::vector<double> numbers(4), text(12), mask{1, 0};
    const auto ints = [](const auto& of) { return view<const std::int32_t, dynamic>(of.data(), 2); };
    input whole;
    whole.noisy = x.read();
    whole.step = ints(levels);
    whole.is_image = view<const std::uint8_t, dynamic>(video.data(), 1);
    whole.label = ints(none);
    whole.numbers = view<const double, dynamic, 2>(numbers.data(), 2);
    whole.numbers_valid = view<const std::uint8_t, dynamic>(not_known.data(), 2);
    whole.text = view<const double, dynamic, 4>(text.data(), 3);
    whole.text_valid = view<const std::uint8_t, dynamic>(invalid.data(), 3);
    whole.text_row = ints(rows);
    CHECK_NOTHROW(s.model.predict(whole, answer));
    const auto refused = [&](auto&& change, const char* why) {
        input one = whole;
        change(one);
        CHECK_THROWS_WITH(s.model.predict(one, answer), Catch::Contains(why));
    };
    refused([](input& of) { of.label = {}; }, "needs 2 labels, one a frame; 0 came");
    refused([&](input& of) { of.known = x.read(); }, "needs 2 mask values, one a frame, which come with known; 0 came");
    refused([](input& of) { of.text_row = {}; }, "needs 2 text rows, one a frame; 0 came");
    refused([](input& of) { of.is_image = {}; }, "needs 1 kinds (is_image), one a sample; 0 came");
    refused([&](input& of) { of.label = ints(beyond); }, "entry 1 of the index is 1048576, and there are 4 rows");
    refused([&](input& of) { of.text_row = ints(beyond); }, "1048576");
}

TEST_CASE("without a text or a class a sample is that of the empty text and the null class") {
    scene<both> s;
    CHECK(sample_latents(s.model, unconditional{2}, quick) == sample_latents(s.model, s.text, prompts{"", ""}, quick));
    sampling guided = quick;
    guided.guide.scale = 3;
    CHECK(sample_latents(s.model, unconditional{2}, guided) ==
          sample_latents(s.model, unconditional{2}, quick)); // nothing to guide
    CHECK(distance(sample_latents(s.model, labels{0, 2}, quick), sample_latents(s.model, unconditional{2}, quick)) >
          1e-3);
    CHECK(distance(sample_latents(s.model, labels{0, 2}, quick), sample_latents(s.model, labels{0, 1}, quick)) > 1e-3);
}

TEST_CASE("guidance moves a sample away from the unconditional one; at scale 0 it is the unconditional one") {
    scene<both> s;
    sampling none = quick, strong = quick;
    none.guide.scale = 0;
    strong.guide.scale = 4;
    const auto plain = sample_latents(s.model, unconditional{1}, quick);
    CHECK(distance(sample_latents(s.model, labels{1}, none), plain) < 1e-6);
    conditions bag = told(s.model, s.text, prompts{"a bag"});
    bag.noise.clear(); // that of an unconditional sample
    CHECK(distance(sample_latents(s.model, bag, none), plain) < 1e-6);
    CHECK(distance(sample_latents(s.model, labels{1}, strong), plain) >
          distance(sample_latents(s.model, labels{1}, quick), plain));
}

TEST_CASE("the seed decides the sample, every step is seen, and the schedule counts") {
    scene<neither> s;
    std::vector<int> seen;
    sampling how = quick;
    how.seen = [&](int step) { seen.push_back(step); };
    const auto first = sample_latents(s.model, unconditional{1}, how);
    CHECK(seen == std::vector<int>{0, 1, 2, 3});
    CHECK(sample_latents(s.model, unconditional{1}, quick) == first);
    how.seed = seed{2};
    CHECK(sample_latents(s.model, unconditional{1}, how) != first);
    how.seed = {};
    how.schedule = noise_schedule(linear_beta(false));
    CHECK(sample_latents(s.model, unconditional{1}, how) != first);
}

TEST_CASE("a stack of images is F images, decoded one by one; a video is decoded whole") {
    scene<both> s;
    tokenizer decoder(s.ctx, small_tokens{}, compute<float>, seed{1});
    sampling stack = quick;
    stack.images = true;
    const auto images = sample(s.model, decoder, labels{0, 1}, stack);
    REQUIRE(images.size() == 4);
    for (const video& image : images)
        CHECK((image.frames == 1 && image.height == 4 && image.width == 8 && image.complete()));
    const latents all = sample_latents(s.model, labels{0, 1}, stack);
    const latents third{.shape = {1, 1, 2, 4, 3},
                        .values = {all.values.begin() + 2 * 2 * 4 * 3, all.values.begin() + 3 * 2 * 4 * 3}};
    CHECK(images[2].rgb == to_videos(decoder.decode(third))[0].rgb);

    const auto videos = sample(s.model, decoder, s.text, prompts{"a bag", "a boat"}, quick);
    REQUIRE(videos.size() == 2);
    CHECK((videos[0].frames == 3 && videos[0].complete()));
    CHECK(sample(s.model, decoder, unconditional{3}, quick).size() == 3);
}

TEST_CASE("what cannot be sampled is refused with both values") {
    scene<both> s;
    CHECK_THROWS_WITH(sample_latents(s.model, labels{0, 3}, quick),
                      Catch::Contains("3 classes") && Catch::Contains("no class 3"));
    CHECK_THROWS_WITH(sample_latents(s.model, labels{-1}, quick), Catch::Contains("no class -1"));
    CHECK_THROWS_WITH(sample_latents(s.model, word_vectors(6, 3), prompts{"a"}, quick),
                      Catch::Contains("3 tokens of 6") && Catch::Contains("3 of 4"));
    CHECK_THROWS_WITH(sample_latents(s.model, s.text, prompts(std::vector<std::string>{}), quick),
                      Catch::Contains("1 sample or more, not 0"));
    CHECK_THROWS_WITH(sample_latents(s.model, unconditional{-2}, quick), Catch::Contains("1 sample or more, not -2"));
    CHECK_THROWS_WITH(sample_latents(s.model, conditions{.samples = 2, .labels = {1, 2, 0}}, quick),
                      Catch::Contains("2 or 4 labels") && Catch::Contains("3 came"));
    CHECK_THROWS_WITH(sample_latents(s.model, conditions{.numbers = {1}}, quick), Catch::Contains("no numbers"));
    CHECK_THROWS_WITH(sample_latents(s.model, conditions{.low_resolution = {.values = {1, 2}}}, quick),
                      Catch::Equals("this model has no super-resolution; 2 low-resolution numbers came"));
    CHECK_THROWS_WITH(
        sample_latents(s.model, conditions{.known = {.values = {1, 2, 3}}}, quick),
        Catch::Equals("this model has no frame prediction; 3 known numbers came, with a mask of 0 frames"));
    scene<told_all> all;
    CHECK_THROWS_WITH(sample_latents(all.model, conditions{.known = {.values = {1, 2, 3}}}, quick),
                      Catch::Contains("a mask of 2 frames") && Catch::Contains("3 known numbers came"));
    CHECK_THROWS_WITH(sample_latents(all.model, conditions{.numbers_valid = {1, 1}}, quick),
                      Catch::Contains("0 came, with 2 validities"));
    scene<upsampler> up;
    CHECK_THROWS_WITH(sample_latents(up.model, unconditional{2}, quick),
                      Catch::Contains("2 samples") && Catch::Contains("24 low-resolution") && Catch::Contains("not 0"));
}

TEST_CASE("guidance leaves out any condition, or keeps what it is asked to keep") {
    scene<told_all> s;
    const std::vector<float> frames(std::size_t{2} * 2 * 4 * 3, 0.5f);
    const auto differs = [&](conditions told) {
        sampling strong = quick;
        strong.guide.scale = 4;
        return distance(sample_latents(s.model, told, strong), sample_latents(s.model, told, quick)) > 1e-3;
    };
    CHECK(differs({.labels = {1}}));
    CHECK(differs({.text = encode_captions(s.text, {"a red bag"})}));
    CHECK(differs({.numbers = {2, -1}}));
    CHECK(differs({.known = {frames, {1, 0}}}));
    CHECK_FALSE(differs({}));
    CHECK_FALSE(differs({.labels = {1}, .without = {.labels = false}}));
    CHECK_FALSE(differs({.numbers = {2, -1}, .without = {.numbers = false}}));
    CHECK_FALSE(differs({.known = {frames, {1, 0}}, .without = {.known = false}}));
}

TEST_CASE("a sample holds its known frames, and conditions are prepared for many samplings") {
    scene<told_all> s;
    std::vector<float> frames(std::size_t{2} * 2 * 4 * 3);
    for (std::size_t i = 0; i < frames.size(); ++i) frames[i] = static_cast<float>(i) / 48;
    const conditions told{.labels = {2}, .numbers = {1, 2, 3, 4}, .known = {frames, {0, 1}}};
    sampling how = quick;
    how.guide.scale = 2;
    const auto made = sample_latents(s.model, told, how);
    CHECK(std::equal(frames.begin() + 24, frames.end(), made.values.begin() + 24));
    CHECK_FALSE(std::equal(frames.begin(), frames.begin() + 24, made.values.begin()));
    conditions other = told; // only what is known is read
    std::fill_n(other.known.values.begin(), 24, std::numeric_limits<float>::quiet_NaN());
    CHECK(sample_latents(s.model, other, how) == made);
    other.known.mask = {0.5f, 1};
    CHECK_THROWS_WITH(sample_latents(s.model, other, how), "a value of known_frames::mask is 0 or 1; it is 0.5");
    const auto prepared = prepare(s.model, told);
    CHECK(sample_latents(s.model, prepared, how) == made);
    CHECK(sample_latents(s.model, prepared, quick) == sample_latents(s.model, told, quick));
}

TEST_CASE("numbers are measured where they are known") {
    scene<told_all> s;
    const auto source = [](std::int64_t n) {
        latents batch{.shape = latents_of<told_all>(1)};
        batch.values.resize(static_cast<std::size_t>(batch.shape.size()));
        batch.numbers = {static_cast<float>(n), 5, 100, 100};
        batch.numbers_valid = {1, 0};
        return batch;
    };
    const auto statistics = [&](const auto& of, std::int64_t batches) {
        measure_numbers(s.model, of, batches);
        std::pair<std::vector<double>, std::vector<double>> found;
        for (const parameter_row& row : s.model.table()) {
            if (row.name != "numbers.mean" && row.name != "numbers.std") continue;
            auto& values = row.name == "numbers.mean" ? found.first : found.second;
            values.resize(row.size);
            s.model.get(row, values);
        }
        return found;
    };
    const auto [mean, deviation] = statistics(source, 3); // 0, 1, 2 and always 5
    CHECK((mean[0] == Approx(1) && mean[1] == 5));
    CHECK((deviation[0] == Approx(std::sqrt(2.0 / 3)) && deviation[1] == 1));

    const auto far = [](std::int64_t n) { // a million and 0 or 1, and always a tenth, which binary numbers do not have
        latents batch{.shape = latents_of<told_all>(3)};
        batch.values.resize(static_cast<std::size_t>(batch.shape.size()));
        for (int f = 0; f < 6; ++f) batch.numbers.insert(batch.numbers.end(), {1e6f + static_cast<float>(n % 2), 0.1f});
        return batch;
    };
    const auto [middle, spread] = statistics(far, 4);
    CHECK((middle[0] == Approx(1'000'000.5).epsilon(1e-12) && middle[1] == static_cast<double>(0.1f)));
    CHECK((spread[0] == Approx(0.5).epsilon(1e-9) && spread[1] == 1));
    CHECK_THROWS_WITH(measure_numbers(s.model, source, 0), Catch::Contains("0 batches"));
}

TEST_CASE("texts without rows, and guidance away from a text that says something, are refused") {
    scene<both> s;
    sampling guided = quick;
    guided.guide.scale = 2;
    const std::vector<std::string> texts{"a red bag", "a boat"};
    conditions told{.samples = 2, .text = s.text.encode(texts)}; // as an encoder answers: no rows, no empty text
    CHECK_THROWS_WITH(sample_latents(s.model, told, quick), Catch::Contains("2 came, with 0 rows"));
    told.text.row = {0, 1};
    CHECK_THROWS_WITH(sample_latents(s.model, told, guided),
                      Catch::Contains("of 2 texts text 0 has a valid position 0"));
    told.without.texts = false; // then nothing stands for "no text"
    CHECK_NOTHROW(sample_latents(s.model, told, guided));
}

TEST_CASE("numbers that are not as many as the model's, or not finite, are not measured") {
    scene<told_all> s;
    latents batch;
    batch.shape = latents_of<told_all>(1);
    batch.values.resize(static_cast<std::size_t>(batch.shape.size()));
    const std::vector<double> before = s.model.host_masters();
    batch.numbers = {1, 2, 3, 4, 5, 6}; // 3 a frame, where the model has 2
    batch.numbers_valid = {1, 1};
    const auto measure = [&] {
        measure_numbers(
            s.model, [&](std::int64_t) { return batch; }, 1);
    };
    CHECK_THROWS_WITH(measure(), Catch::Contains("4 numbers as conditions") && Catch::Contains("6 came"));
    batch.numbers = {1, 2, std::numeric_limits<float>::quiet_NaN(), 4};
    CHECK_THROWS_WITH(measure(), Catch::Contains("batch 0") && Catch::Contains("not finite (nan)"));
    CHECK(s.model.host_masters() == before);
    batch.numbers_valid = {1, 0}; // what is not known may be anything
    CHECK_NOTHROW(measure());
}

TEST_CASE("conditions that are not finite are refused before the first step") {
    scene<told_all> s;
    sampling seen = quick;
    seen.seen = [](int) { FAIL("a step was taken"); };
    const float nan = std::numeric_limits<float>::quiet_NaN();
    conditions told{.samples = 1, .numbers = {1, nan}};
    CHECK_THROWS_WITH(sample_latents(s.model, told, seen), Catch::Contains("the 1-th is told and not finite (nan)"));
    told.numbers_valid = {0};
    CHECK_NOTHROW(prepare(s.model, told)); // what is not valid may be anything
    told = {.samples = 1, .text = encode_captions(s.text, {"a bag"})};
    told.text.vectors.at(12) = nan; // text 1's first position
    CHECK_THROWS_WITH(sample_latents(s.model, told, seen), Catch::Contains("numbers of texts the 12-th"));
    told = {.samples = 1, .known = {std::vector<float>(48, nan), {0, 1}}};
    CHECK_THROWS_WITH(sample_latents(s.model, told, seen), Catch::Contains("24-th is told and not finite"));
}

TEST_CASE("a sampler that does not count down is refused with both levels") {
    scene<neither> s;
    const auto visit = [&](std::vector<int> levels) {
        return sample_latents(s.model, unconditional{1}, {.sampler = visiting{{}, std::move(levels)}});
    };
    CHECK(visit(ddim{.steps = 4}.levels()) == sample_latents(s.model, unconditional{1}, quick));
    CHECK_THROWS_WITH(visit({999, 500, 500}),
                      Catch::Equals("a sampler counts down from level to level; 500 follows 500"));
    CHECK_THROWS_WITH(visit({500, 700}), Catch::Equals("a sampler counts down from level to level; 700 follows 500"));
    CHECK_THROWS_WITH(visit({}), Catch::Contains("1 level or more"));
}

namespace {
/// Its second step takes a number that is none of fresh noise.
struct astray : ddim {
    sampler_step at(std::span<const noise_level> path, std::size_t k) const {
        sampler_step one = ddim::at(path, k);
        if (k == 1) one.noise = std::numeric_limits<double>::quiet_NaN();
        return one;
    }
};
} // namespace

TEST_CASE("a sampler's step that is no number is refused with its level") {
    scene<neither> s;
    CHECK_THROWS_WITH(sample_latents(s.model, unconditional{1}, {.sampler = astray{{.steps = 4}}}),
                      Catch::StartsWith("the sampler's step from level 749 is of numbers that are not finite: ") &&
                          Catch::EndsWith("and nan of noise"));
}
