// Options: the ranges that they list, and the sentences that refuse what lies elsewhere.
#include "catch.hpp"

#include <walt/core/range.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/diffusion/sampling.hpp>
#include <walt/train/adafactor.hpp>
#include <walt/train/early_stop.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/trainer.hpp>

#include <limits>

using namespace walt;

TEST_CASE("a number lies in its range or the option is refused by name") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH(check_option("a::b", 2, ranges::share), "a::b must be 0 to 1; it is 2");
    CHECK_THROWS_WITH(check_option("a::b", 0, ranges::positive), "a::b must be above 0; it is 0");
    CHECK_THROWS_WITH(check_option("a::b", -1, ranges::count), "a::b must be 1 or more; it is -1");
    CHECK_THROWS_WITH(check_option("a::b", 0, range{0, 5, false}), "a::b must be above 0 and up to 5; it is 0");
    for (const double value : {nan, infinity, -infinity})
        for (const range& any : {ranges::finite, ranges::share, ranges::not_negative, ranges::positive, ranges::count})
            CHECK_THROWS_AS(check_option("a::b", value, any), error);
    CHECK_NOTHROW(check_option("a::b", 1, ranges::share));
}

namespace {
/// Every listed number, set to what it may not be, is refused by its name: `fields` are those numbers in order.
template <class Options, class... Field> void refuses_nan(const Options& good, Field Options::*... field) {
    CHECK_NOTHROW(check_options(good));
    std::vector<std::string> names;
    good.each_option([&]<class Value>(const char* name, Value, const range&) {
        if (!std::is_same_v<Value, bool>) names.push_back(name); // neither of its two is refused
    });
    REQUIRE(names.size() == sizeof...(field));
    std::size_t i = 0;
    const auto one = [&](auto of) {
        Options bad = good;
        using number = std::remove_reference_t<decltype(bad.*of)>;
        bad.*of = std::numeric_limits<number>::has_quiet_NaN ? std::numeric_limits<number>::quiet_NaN() : number(-1);
        CHECK_THROWS_WITH(checked(bad), Catch::Contains(names[i++] + " must be"));
    };
    (one(field), ...);
}
} // namespace

TEST_CASE("the options of a training and of sampling refuse what is no number, by name") {
    refuses_nan(adamw{}, &adamw::learning_rate, &adamw::beta_1, &adamw::beta_2, &adamw::epsilon, &adamw::weight_decay);
    refuses_nan(adafactor{}, &adafactor::learning_rate, &adafactor::factor_from, &adafactor::beta_power,
                &adafactor::most_beta, &adafactor::most_rms, &adafactor::momentum, &adafactor::weight_decay);
    refuses_nan(warmup_cosine{}, &warmup_cosine::warmup, &warmup_cosine::total, &warmup_cosine::floor);
    refuses_nan(averaging{}, &averaging::decay);
    refuses_nan(patience{}, &patience::window, &patience::windows, &patience::least);
    refuses_nan(guidance{}, &guidance::scale, &guidance::cosine_power, &guidance::rescale);
    refuses_nan(step_distribution{}, &step_distribution::mean, &step_distribution::deviation);
    refuses_nan(knowing{}, &knowing::first, &knowing::first_two, &knowing::ends);
    refuses_nan(ddim{}, &ddim::steps, &ddim::eta);
    refuses_nan(step_reuse{}, &step_reuse::threshold);
    CHECK_THROWS_WITH(checked(adamw{.beta_1 = 1}), Catch::Contains("adamw::beta_1 must be 0 to"));
    CHECK_THROWS_WITH(checked(training{.clip = 0}), "training::clip must be above 0; it is 0");
    CHECK_THROWS_WITH(checked(training{.prefetch = {.ahead = -1}}), Catch::Contains("training::prefetch.ahead"));
    CHECK_THROWS_WITH(checked(denoising{.low_resolution_noise = 1 << 20}),
                      "denoising::low_resolution_noise must be 0 to 999; it is 1048576");
    CHECK_THROWS_WITH(
        checked(denoising{.levels = {.logit_normal = true, .mean = std::numeric_limits<float>::quiet_NaN()}}),
        Catch::Contains("step_distribution::mean must be"));
    CHECK_THROWS_WITH(checked(sampling{.sampler = ddim{.steps = 1001}}), "ddim::steps must be 1 to 1000; it is 1001");
}

TEST_CASE("options are said a line each") {
    CHECK(options_text(ddim{.steps = 20, .eta = 0.5f}) == "ddim::steps 20\nddim::eta 0.5\n");
    CHECK(options_text(3).empty());
    CHECK(options_text(step_distribution{.logit_normal = true}).find("::logit_normal true\n") != std::string::npos);
}
