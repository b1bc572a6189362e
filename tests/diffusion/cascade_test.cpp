// A cascade of tiny stages: each sees the latents of the one before, noised; seeds; texts and classes; what is refused.
// Its training pairs. What the paper's costs.
#include "../catch.hpp"

#include <walt/config/presets.hpp>
#include <walt/data/latent_cache.hpp>
#include <walt/data/latent_pairs.hpp>
#include <walt/diffusion/cascade.hpp>
#include <walt/diffusion/cascade_cost.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/reference.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/trainer.hpp>

using namespace walt;

namespace {

struct small : denoiser_config {
    static constexpr int frames = 3, height = 2, width = 4, channels = 3, hidden = 16, heads = 2, depth = 2,
                         classes = 3, text_dim = 4, text_tokens = 3;
    static constexpr window spatiotemporal_window{3, 2, 2};
};
struct larger : small {
    static constexpr int height = 4, width = 8;
    static constexpr bool super_resolution = true;
};
struct largest : larger {
    static constexpr int height = 8, width = 16, patch = 2;
};
struct small_tokens : tokenizer_config {
    static constexpr int channels = 4, blocks = 1, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};

struct square : denoiser_config {
    static constexpr int height = 8, width = 8, hidden = 64, heads = 2, depth = 2;
};
struct double_square : square {
    static constexpr int height = 16, width = 16;
    static constexpr bool super_resolution = true;
};
struct deep_tokens : tokenizer_config {
    static constexpr int channels = 8, blocks = 1, norm_groups = 4;
};

/// Latents of a size of its own, whatever comes.
struct fixed_encoder {
    video_shape shape;
    latents encode(const clips&, latent_scale) const {
        return {.shape = shape, .values = std::vector<float>(static_cast<std::size_t>(shape.size()))};
    }
};

/// Every parameter is drawn, so that no gate is zero.
template <class Model> Model drawn(Model model, std::uint64_t from) {
    std::vector<double> masters = model.host_masters();
    for (std::size_t i = 0; i < masters.size(); ++i) masters[i] += 0.2 * static_cast<double>(philox{from, 9}.normal(i));
    model.assign(masters);
    return model;
}
struct scene {
    reference::context ctx;
    denoiser<reference::context, small, double> base = drawn(denoiser(ctx, small{}, compute<double>), 1);
    denoiser<reference::context, larger, double> twice = drawn(denoiser(ctx, larger{}, compute<double>), 2);
    denoiser<reference::context, largest, double> four_times = drawn(denoiser(ctx, largest{}, compute<double>), 3);
    tokenizer<reference::context, small_tokens, double> tokens{ctx, small_tokens{}, compute<double>, seed{4}};
    tokenizer<reference::context, small_tokens, double> others{ctx, small_tokens{}, compute<double>, seed{5}};
    word_vectors text{4, 3};
    sampling quick{.sampler = ddim{.steps = 3}, .guide = {.scale = 2.0f}};

    auto all() const {
        return cascade(stage{base, tokens, quick}, stage{twice, others, quick}, stage{four_times, tokens, quick});
    }
};

/// Clip i is a ramp that begins at i; its caption says i.
struct ramps {
    std::int64_t size() const { return 6; }
    int frames() const { return 5; }
    int height() const { return 8; }
    int width() const { return 16; }
    int classes() const { return 3; }
    void read(seed, std::int64_t i, clip& out) const {
        for (std::size_t p = 0; p < out.pixels.size(); ++p)
            out.pixels[p] = static_cast<float>(std::sin(0.01 * static_cast<double>(p) + static_cast<double>(i)));
        out.caption = "clip " + std::to_string(i);
        out.label = static_cast<std::int32_t>(i % 3);
    }
};

} // namespace

TEST_CASE("a later stage samples under the latents of the one before, as they are, noised", "[cascade]") {
    const scene s;
    const auto all = s.all();
    const conditions asked = told(s.text, prompts{"a red bag", "a boat"});
    const std::vector<latents> made = all.latents_of_all(asked, seed{7});
    REQUIRE(made.size() == 3);
    CHECK(made[0].shape == video_shape{2, 3, 2, 4, 3});
    CHECK(made[1].shape == video_shape{2, 3, 4, 8, 3});
    CHECK(made[2].shape == video_shape{2, 3, 8, 16, 3});

    // By hand, stage after stage.
    sampling how = s.quick;
    how.seed = seed{7};
    CHECK(made[0] == sample_latents(s.base, asked, how));
    conditions under = asked;
    how.seed.value += 0x9E3779B97F4A7C15u;
    under.low_resolution = {.values = made[0].values, .level = 150, .seed = how.seed};
    CHECK(made[1] == sample_latents(s.twice, under, how));

    const auto noisier = cascade(stage{s.base, s.tokens, s.quick}, stage{s.twice, s.others, s.quick, 400});
    CHECK(noisier.latents_of_all(asked, seed{7})[0] == made[0]);
    CHECK(noisier.latents_of_all(asked, seed{7})[1].values != made[1].values);
}

TEST_CASE("a cascade gives the videos of its last stage, or of all, by texts and by classes", "[cascade]") {
    const scene s;
    const auto all = s.all();
    const auto videos = all.sample(s.text, prompts{"a red bag"}, seed{3});
    REQUIRE(videos.size() == 1);
    CHECK((videos[0].frames == 5 && videos[0].height == 16 && videos[0].width == 32));
    const auto stages = all.sample_all(s.text, prompts{"a red bag"}, seed{3});
    REQUIRE(stages.size() == 3);
    CHECK((stages[0][0].height == 4 && stages[1][0].height == 8));
    CHECK(stages[2][0].rgb == videos[0].rgb);                                         // the same seed, the same bits
    CHECK(all.sample(s.text, prompts{"a red bag"}, seed{4})[0].rgb != videos[0].rgb); // another one
    CHECK(all.sample(s.text, prompts{"a boat"}, seed{3})[0].rgb != videos[0].rgb);    // another text
    // Stage 1 has a tokenizer of its own.
    const auto made = all.latents_of_all(told(s.text, prompts{"a red bag"}), seed{3});
    CHECK(stages[1][0].rgb == to_videos(s.others.decode(made[1]))[0].rgb);

    CHECK(all.sample(labels{2}, seed{3})[0].rgb != all.sample(labels{1}, seed{3})[0].rgb);
    CHECK(all.sample_all(labels{2, 0}, seed{3})[0].size() == 2);
    CHECK(all.sample(conditions{.samples = 2}, seed{3}).size() == 2);
}

TEST_CASE("a cascade outlives what it was made of", "[cascade]") {
    scene s;
    const auto all = [&] { // models that are gone when it returns
        const auto base = drawn(denoiser(s.ctx, small{}, compute<double>), 1);
        return cascade(stage{base, s.tokens, s.quick},
                       stage{drawn(denoiser(s.ctx, larger{}, compute<double>), 2), s.others, s.quick});
    }();
    const auto known = cascade(stage{s.base, s.tokens, s.quick}, stage{s.twice, s.others, s.quick});
    CHECK(all.sample(labels{2}, seed{3})[0].rgb == known.sample(labels{2}, seed{3})[0].rgb);
    CHECK_THROWS_WITH(all.sample(word_vectors(6, 3), prompts{"a boat"}),
                      Catch::Matchers::Contains("3 tokens of 6 numbers") && Catch::Matchers::Contains("3 of 4"));
}

TEST_CASE("a cascade samples videos, or stacks of images", "[cascade]") {
    const scene s;
    sampling images = s.quick;
    images.images = true;
    const cascade all(stage{s.base, s.tokens, images}, stage{s.twice, s.tokens, images});
    CHECK(all.sample(s.text, prompts{"a red bag"}).size() == 3); // images of one frame
    CHECK_THROWS_WITH(cascade(stage{s.base, s.tokens, images}, stage{s.twice, s.tokens, s.quick}),
                      Catch::Equals("all stages of a cascade sample videos, or all stacks of images: stage 0 samples "
                                    "images, stage 1 videos"));
    CHECK_THROWS_WITH(s.all().sample(labels{3}), Catch::Equals("a model of 3 classes has no class 3"));
}

TEST_CASE("a stage refuses wrong options where it is made", "[cascade]") {
    const scene s;
    CHECK_THROWS_WITH(stage(s.twice, s.tokens, s.quick, 1500),
                      Catch::Equals("stage::low_resolution_level must be 0 to 999; it is 1500"));
    CHECK_THROWS_WITH(stage(s.twice, s.tokens, s.quick, -1), Catch::Contains("stage::low_resolution_level"));
    CHECK_THROWS_WITH(stage(s.twice, s.tokens, sampling{.sampler = ddim{.steps = 0}}),
                      Catch::Contains("ddim::steps") && Catch::Contains("it is 0"));
    CHECK_THROWS_WITH(stage(s.twice, s.tokens, sampling{.guide = {.rescale = 2}}),
                      Catch::Equals("guidance::rescale must be 0 to 1; it is 2"));
}

TEST_CASE("training pairs are a clip's latent and that of its half, by the smaller stage's tokenizer", "[cascade]") {
    scene s;
    const ramps data;
    s.tokens.measure_latents([&](std::int64_t n) { return read_clips(data, seed{0}, n, 1); }, {.batches = 2});
    s.others.measure_latents([&](std::int64_t n) { return halved(read_clips(data, seed{0}, n, 1)); }, {.batches = 2});
    const latent_pairs both(s.others, s.tokens);
    const clips some = read_clips(data, seed{0}, 1, 2);
    const latents pair = both.encode(some);
    pair.check();
    CHECK(pair.values == s.tokens.encode(some).values);
    CHECK(pair.low_resolution == s.others.encode(halved(some)).values);

    const fixed_encoder wrong{{2, 3, 4, 4, 3}};
    CHECK_THROWS_WITH(
        latent_pairs(wrong, s.tokens).encode(some),
        Catch::Equals("super-resolution of latents of 3 x 4 x 8 x 3 (frames, height, width, channels) needs "
                      "low-resolution ones of half the height and width; the low-resolution tokenizer "
                      "gives 3 x 4 x 4 x 3"));

    // Through a cache: every sample has the half of its own clip, of a stack every image.
    const latent_cache cache(both, s.text, data, {.clips = 6, .batch = 6, .image_rate = 0.5});
    const latents batch = cache(0);
    batch.check();
    const std::int64_t frame = batch.shape.frame(), low = frame / 4;
    const latents known = both.encode(read_clips(data, seed{0}, 0, 6));
    std::int64_t found = 0, stacks = 0;
    for (std::int64_t f = 0; f < 18; ++f)
        for (std::int64_t k = 0; k < 18; ++k) {
            const auto same = [&](const std::vector<float>& a, const std::vector<float>& b, std::int64_t size) {
                for (std::int64_t i = 0; i < size; ++i)
                    if (a[static_cast<std::size_t>(f * size + i)] !=
                        static_cast<float>(bf16(b[static_cast<std::size_t>(k * size + i)])))
                        return false;
                return true;
            };
            if (!same(batch.values, known.values, frame)) continue;
            ++found;
            CHECK(same(batch.low_resolution, known.low_resolution, low));
        }
    for (const std::uint8_t one : batch.is_image) stacks += one;
    CHECK(found == 18);
    CHECK(stacks == 3);

    trainer run(s.twice, denoising{}, adamw{}, {.prefetch = {.ahead = 0}});
    CHECK(std::isfinite(run.step(latent_cache(both, s.text, data, {.clips = 6, .batch = 2})).loss));
}

TEST_CASE("halves are means of 2 x 2 pixels that are there", "[cascade]") {
    clips one;
    one.shape = {1, 2, 2, 4, 1};
    one.pixels = {0, 1, 2, 3, 4, 5, 6, 7, 10, 10, 0, 0, 10, 30, 0, 0};
    one.captions = {{"a", "a"}};
    const clips half = halved(one);
    CHECK(half.shape == video_shape{1, 2, 1, 2, 1});
    CHECK(half.pixels == std::vector<float>{2.5f, 4.5f, 15, 0});
    CHECK(half.captions == one.captions);
    one.present = {1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0};
    CHECK(halved(one).pixels == std::vector<float>{5.0f / 3, 5, 15, 0});
    CHECK(halved(one).present == std::vector<std::uint8_t>{1, 1, 1, 0});
    one.shape = {1, 2, 1, 8, 1};
    CHECK_THROWS_WITH(halved(one), Catch::Equals("frames of 1 x 8 pixels have no half: height and width must be even"));

    CHECK(read_clips(halved(ramps{}), seed{0}, 2, 3) == halved(read_clips(ramps{}, seed{0}, 2, 3)));
    CHECK(read_clips(halved(halved(ramps{})), seed{0}, 2, 3) == halved(halved(read_clips(ramps{}, seed{0}, 2, 3))));
}

TEST_CASE("the paper's cascade is right, and its cost is the sum of its parts", "[cascade]") {
    static_assert(presets::paper_cascade::valid);
    using toy = cascade_config<stage_config<square, deep_tokens>, stage_config<double_square, deep_tokens>>;
    const cascade_cost made = cost_of(toy{}, compute<bf16>, {.steps = 10});
    REQUIRE(made.step.size() == 2);
    CHECK(made.step[0].flops == sampling_cost(square{}, compute<bf16>, 2).flops);
    CHECK(made.whole.flops == 10 * (made.step[0].flops + made.step[1].flops) + made.decode.flops);
    CHECK(made.whole.parameters == made.step[0].parameters + made.step[1].parameters + made.decode.parameters);
    CHECK(made.step[1].flops > 3.9 * made.step[0].flops);
    const cascade_cost once = cost_of(toy{}, compute<bf16>, {.steps = 10, .guided = false});
    CHECK(once.whole.flops - once.decode.flops < 0.6 * (made.whole.flops - made.decode.flops));
}
