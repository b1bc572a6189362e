#include "../catch.hpp"

#include <walt/train/recipe.hpp>

namespace {
using Catch::Matchers::Contains;
using namespace walt;

/// A row of the paper's Table 8.
template <class Config, class Optimizer> struct row {
    recipe<Config, Optimizer> how;
    std::int64_t steps;
    int batch;
    float rate;
    bool averaged, guided;
};
template <class Config, class Optimizer> void check(const row<Config, Optimizer>& of) {
    CHECK(of.how.rate.total == of.steps);
    CHECK(of.how.batch == of.batch);
    CHECK(of.how.optimizer.learning_rate == of.rate);
    CHECK(of.how.averaged == of.averaged);
    CHECK(of.how.samples.guide.off() != of.guided);
    CHECK(of.how.objective.self_conditioning_rate == 0.9f);
    CHECK(of.how.samples.sampler.levels().size() == 50);
    CHECK(of.how.samples.sampler.levels().front() == 999);
}
} // namespace

TEST_CASE("the paper's trainings are those of its Table 8") {
    using namespace presets;
    check(row<walt_xl, adamw>{recipes::ucf_101(), 60'000, 256, 5e-4f, true, false});
    check(row<imagenet_l, adamw>{recipes::imagenet(), 437'000, 1024, 5e-4f, true, false});
    check(row<kinetics_l, adamw>{recipes::kinetics_600(), 270'000, 512, 5e-4f, true, false});
    check(row<cascade_base, adafactor>{recipes::text_to_video_base(), 550'000, 512, 2e-4f, false, true});
    check(row<cascade_256x448, adafactor>{recipes::text_to_video_256x448(), 675'000, 512, 5e-4f, false, true});
    check(row<cascade_512x896, adafactor>{recipes::text_to_video_512x896(), 275'000, 512, 5e-4f, false, true});
    // Table 6.
    check(row<cascade_base_wide, adafactor>{recipes::text_to_video_wide(), 250'000, 512, 5e-5f, false, true});
    const warmup_cosine constant = recipes::text_to_video_wide().rate;
    CHECK((constant.share(5000) == 1 && constant.share(249'999) == 1));
    CHECK(recipes::ucf_101().rate.share(59'999) < 1e-6);
    CHECK(recipes::text_to_video_base().image_rate > 0);
    CHECK(recipes::text_to_video_base().objective.condition_drop > 0);
    const knowing known = recipes::kinetics_600().objective.knows;
    CHECK((known.first == 0 && known.first_two == 1 && known.ends == 0));

    const tokenizer_recipe tokenizer = recipes::kinetics_600_tokenizer();
    CHECK((tokenizer.rate.total == 270'000 && tokenizer.batch == 256));
    CHECK((tokenizer.optimizer.learning_rate == 1e-4f && tokenizer.optimizer.beta_1 == 0));
    CHECK((tokenizer.losses.reconstruction == 5 && tokenizer.losses.adversarial == 0.1f));
    CHECK((tokenizer.losses.perceptual == 0.1f && tokenizer.critic.r1 == 10 && tokenizer.average.decay == 0.999f));
}

TEST_CASE("a step's batch is made of micro-batches that divide it") {
    const auto how = recipes::ucf_101();
    CHECK(how.training_of(8).accumulate == 32);
    CHECK(how.training_of(256).accumulate == 1);
    CHECK(how.training_of(8).rate.total == 60'000);
    CHECK_THROWS_WITH(how.training_of(24), Contains("256 samples") && Contains("24"));
    CHECK_THROWS_WITH(how.training_of(0), Contains("0 does not divide"));
    auto backwards = how;
    backwards.batch = -256;
    CHECK_THROWS_WITH(backwards.training_of(8), Contains("1 sample or more, not -256"));
    CHECK_THROWS_WITH(recipes::ucf_101_tokenizer().training_of(512), Contains("512"));
    const latent_caching cached = recipes::text_to_video_base().caching_of(8, 1000);
    CHECK((cached.batch == 8 && cached.clips == 1000 && cached.image_rate == 0.25));
}

TEST_CASE("a recipe in fewer steps keeps the shape of its course") {
    const auto whole = recipes::ucf_101(), tenth = whole.in_steps(6000);
    CHECK((tenth.rate.total == 6000 && tenth.rate.warmup == 500 && tenth.batch == 256));
    CHECK(tenth.rate.share(3000) == Approx(whole.rate.share(30'000)).margin(1e-3));
    CHECK(whole.in_steps(3).rate.share(0) == 1); // no warm-up is left
    CHECK_THROWS_WITH(whole.in_steps(0), Contains("not 0"));
    CHECK(whole.in_steps(600'000'000'000'000).rate.warmup == 50'000'000'000'000);
    auto long_one = whole;
    long_one.rate = {.warmup = 100'000'000'000'000, .total = 1'000'000'000'000'000};
    CHECK(long_one.in_steps(900'000'000'000'000).rate.warmup == 90'000'000'000'000);
    CHECK_THROWS_WITH(whole.in_steps(std::int64_t{6} << 60), Contains("1 step or more, up to 1000000000000000"));
    auto odd = whole;
    odd.rate.total = 0;
    CHECK_THROWS_WITH(odd.in_steps(100), Contains("a course of 0 steps") && Contains("5000"));
    odd.rate.total = 4999;
    CHECK_THROWS_WITH(odd.in_steps(100), Contains("a course of 4999 steps"));
    odd.rate.total = -1;
    CHECK_THROWS_WITH(odd.in_steps(100), Contains("warmup_cosine::total must be 0 or more; it is -1"));
}
