// Pixels of any number of channels: grey, RGBA, fields of a simulation, some of whose cells are missing.
#include "../catch.hpp"
#include "tiny_tokenizer.hpp"

#include <walt/cpu.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/latent_cache.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/testing/relative_error.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/trainer.hpp>

#include <limits>
#include <vector>

using namespace walt;

namespace {

template <int Channels> struct pixels_of : testing::tiny_tokenizer { static constexpr int in_channels = Channels; };

/// Loss and gradient of a batch, as doubles.
template <class Context, class T, class Config> std::vector<double> result(const clips& batch, bool mask) {
    Context ctx;
    tokenizer<Context, Config, T> tokens(ctx, Config{}, compute<T>, seed{1});
    clips seen = batch;
    if (mask)
        for (std::int64_t i = 0; i < batch.pixels_present(); ++i) seen.present.push_back(i % 5 != 0);
    buffer<accumulate_t<T>> gradient(ctx, tokens.extent);
    const double loss = static_cast<double>(
        loss_of(reconstruction{}, tokens, seen, gradients<accumulate_t<T>>{gradient.data()}, philox{7, 3}));
    std::vector<double> made(gradient.data(), gradient.data() + gradient.size());
    made.push_back(loss);
    return made;
}

} // namespace

TEMPLATE_TEST_CASE("pixels have any number of channels", "[tokenizer]", pixels_of<1>, pixels_of<4>, pixels_of<32>) {
    clips batch{.shape = {2, 3, 4, 4, TestType::in_channels}};
    batch.pixels.resize(static_cast<std::size_t>(batch.shape.size()));
    testing::fill_normal(batch.pixels, 4, 0.5);
    for (const bool mask : {false, true}) {
        const auto exact = result<reference::context, double, TestType>(batch, mask);
        const auto fast = result<cpu::context, float, TestType>(batch, mask);
        CHECK(testing::relative_error(fast.data(), exact) < 1e-4);
        CHECK(fast.back() == Approx(exact.back()).epsilon(1e-5));
    }
    cpu::context ctx;
    const tokenizer tokens(ctx, TestType{}, compute<float>, seed{1});
    const latents z = tokens.encode(batch, latent_scale::raw);
    CHECK(z.shape == video_shape{2, 2, 2, 2, 3});
    CHECK(tokens.decode(z).shape == batch.shape);
    clips other = batch;
    other.shape.channels += 1;
    other.pixels.resize(static_cast<std::size_t>(other.shape.size()));
    CHECK_THROWS_WITH(tokens.encode(other, latent_scale::raw), Catch::Contains("pixels of"));
}

namespace {
/// A user's dataset: fields of a simulation, two numbers a cell. Cell (i, j) is missing where i + j + index is a
/// multiple of 5.
struct simulation {
    float under = 0; ///< what stands in missing cells

    std::int64_t size() const { return 12; }
    int frames() const { return 3; }
    int height() const { return 4; }
    int width() const { return 4; }
    int channels() const { return 2; }
    void read(walt::seed seed, std::int64_t index, walt::clip& out) const {
        const philox numbers{seed.value, static_cast<std::uint64_t>(index)};
        for (std::size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] = 0.5f * numbers.normal(i);
        out.present.assign(out.pixels.size() / 2, 1);
        for (std::size_t i = 0; i < out.present.size(); ++i)
            if ((i % 4 + i / 4 % 4 + static_cast<std::size_t>(index)) % 5 == 0)
                out.present[i] = 0, out.pixels[2 * i] = out.pixels[2 * i + 1] = under;
    }
};
} // namespace

TEST_CASE("a dataset of fields with missing cells trains a tokenizer and becomes latents", "[tokenizer]") {
    const auto learnt = [](float under) {
        const simulation data{under};
        cpu::context ctx;
        tokenizer tokens(ctx, pixels_of<2>{}, compute<float>, seed{1});
        trainer learner(tokens, reconstruction{.latent_noise = 0}, adamw{.learning_rate = 3e-3f},
                        {.rate = {.warmup = 1, .total = 100}});
        std::vector<double> losses;
        REQUIRE(learner.run(batches(data, {.batch = 6, .image_rate = 0.5}), steps{60},
                            [&](auto&, const step_result& step) { losses.push_back(step.loss); }));
        CHECK(learner.skipped() == 0);
        CHECK(losses.back() < 0.7 * losses.front());
        tokens.measure_latents(batches(data, {.batch = 4}), {.batches = 3});
        const latent_cache cache(tokens, data, {.clips = 12, .batch = 4, .image_rate = 0.25});
        std::vector<float> found = tokens.host_masters();
        for (const float one : cache(0).values) found.push_back(one);
        return found;
    };
    CHECK(learnt(std::numeric_limits<float>::quiet_NaN()) == learnt(0));

    cpu::context ctx;
    tokenizer colours(ctx, testing::tiny_tokenizer{}, compute<float>, seed{1});
    CHECK_THROWS_WITH(colours.encode(read_clips(simulation{}, {}, 0, 1), latent_scale::raw),
                      Catch::Contains("pixels of 3 channels, not of 2"));
}
