// The noise schedule's numbers, guidance weights, and DDIM's levels and updates against closed forms.
#include "catch.hpp"

#include <walt/diffusion/ddim.hpp>
#include <walt/reference.hpp>

using namespace walt;

TEST_CASE("the linear schedule before its rescale") {
    const noise_schedule linear(false);
    CHECK(std::sqrt(linear.gamma(0)) == Approx(0.9999499987).epsilon(1e-9));
    CHECK(std::sqrt(linear.gamma(999)) == Approx(0.00635281809).epsilon(1e-8));
    CHECK(linear.gamma(999) == Approx(4.03582977e-5).epsilon(1e-8));
}

TEST_CASE("the rescaled schedule ends at exactly zero") {
    const noise_schedule schedule;
    const std::pair<int, double> expected[] = {{0, 0.9999},          {1, 0.999779325},     {19, 0.994194757},
                                               {100, 0.894490437},   {250, 0.518860537},   {499, 0.0760287505},
                                               {500, 0.0752462157},  {750, 0.00264410592}, {900, 1.03038472e-4},
                                               {979, 2.00583948e-6}, {998, 4.21326247e-9}};
    for (const auto& [step, gamma] : expected) {
        CAPTURE(step);
        CHECK(schedule.gamma(step) == Approx(gamma).epsilon(1e-8));
    }
    CHECK(schedule.gamma(999) == 0.0);
    CHECK(schedule.gamma(0) / (1 - schedule.gamma(0)) == Approx(9999).epsilon(1e-8));          // SNR
    CHECK(1 - schedule.gamma(998) / schedule.gamma(997) == Approx(0.752267231).epsilon(1e-8)); // beta
    for (int step = 1; step < noise_schedule::levels; ++step) CHECK(schedule.gamma(step) < schedule.gamma(step - 1));
    CHECK_THROWS_WITH(schedule.gamma(1000), Catch::Contains("1000"));
    CHECK_THROWS_AS(schedule.gamma(-1), error);
}

TEST_CASE("DDIM starts at the level that is all noise, whatever the number of steps") {
    const std::vector<int> fifty = ddim{50}.levels();
    REQUIRE(fifty.size() == 50);
    for (std::size_t k = 0; k < 50; ++k) CHECK(fifty[k] == 999 - 20 * static_cast<int>(k));
    CHECK(ddim{4}.levels() == std::vector<int>{999, 749, 499, 249});
    CHECK(ddim{3}.levels() == std::vector<int>{999, 666, 332});
    CHECK(ddim{1}.levels() == std::vector<int>{999});
    CHECK(ddim{1000}.levels().back() == 0);
    CHECK_THROWS_WITH(ddim{0}.levels(), Catch::Contains("not 0"));
    CHECK_THROWS_WITH(ddim{1001}.levels(), Catch::Contains("not 1001"));
}

TEST_CASE("an update keeps the variance that the next level has") {
    for (const double eta : {0.0, 0.3, 1.0}) {
        const ddim_update update(0.3, 0.7, eta);
        CHECK(update.x0_share == Approx(std::sqrt(0.7)));
        CHECK(update.eps_share * update.eps_share + update.noise_share * update.noise_share == Approx(0.3));
        CHECK(update.noise_share == Approx(eta * std::sqrt(0.3 / 0.7) * std::sqrt(1 - 0.3 / 0.7)));
    }
    const ddim_update last(0.99, 1.0, 1.0); // to the sample itself: no noise at any eta
    CHECK(last.x0_share == 1.0);
    CHECK(last.eps_share == 0.0);
    CHECK(last.noise_share == 0.0);
}

TEST_CASE("guidance weights") {
    CHECK(guidance{}.off());
    CHECK(guidance{2.5f}.weight(17) == 2.5);
    const guidance cosine{.scale = 3.0f, .cosine_power = 2.0f};
    CHECK(cosine.weight(1000) == Approx(1.0));
    CHECK(cosine.weight(0) == Approx(3.0));
    CHECK(cosine.weight(500) == Approx(1 + 2 * 0.5 * (1 - std::cos(3.14159265358979 * 0.25))));
}

TEST_CASE("x0, eps and v convert into each other at every level, also where gamma is 0") {
    reference::context ctx;
    const arena::scope scope(ctx.arena);
    const std::vector<std::int32_t> step{0, 250, 998, 999};
    const v_prediction<double> at(ctx, noise_schedule{}, view<const std::int32_t, dynamic>(step.data(), 4));
    const auto take = [&] { return ctx.arena.take<double, dynamic>(4 * 7); };
    const auto x0 = take(), eps = take(), x_t = take(), v = take(), x0_back = take(), eps_back = take();
    ops::normal(ctx, philox{1, 1}, x0);
    ops::normal(ctx, philox{1, 2}, eps);
    at.noisy(ctx, x0, eps, x_t);
    at.target(ctx, x0, eps, v);
    at.x0_of(ctx, x_t, v, x0_back);
    at.eps_of(ctx, x_t, v, eps_back);
    for (int i = 0; i < 28; ++i) {
        CHECK(x0_back(i) == Approx(x0(i)).margin(1e-12));
        CHECK(eps_back(i) == Approx(eps(i)).margin(1e-12));
    }
    for (int i = 21; i < 28; ++i) CHECK(x_t(i) == eps(i)); // the last level is all noise
}

namespace {
struct grid : denoiser_config {
    static constexpr int frames = 2, height = 3, width = 4, channels = 2, hidden = 8, heads = 2, depth = 1;
};
} // namespace

TEST_CASE("DDIM with the true denoiser returns x0") {
    reference::context ctx;
    using latent = view<double, dynamic, 2, 3, 4, 2>;
    std::vector<double> x0(3 * 48), x(3 * 48);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x0[i] = static_cast<double>(philox{1, 1}.normal(i));
        x[i] = static_cast<double>(philox{1, 2}.normal(i));
    }
    for (const float eta : {0.0f, 1.0f}) {
        std::vector<double> sample = x;
        run_ddim(
            ctx, ddim{7, eta}, guidance{}, noise_schedule{}, denoiser_input<double, grid>{}, philox{9, 9},
            latent(sample.data(), 3),
            [&](const auto& in, bool,
                auto v) { // v of the x0 that is known: eps = (x_t - sqrt(gamma) x0) / sqrt(1 - gamma)
                const double gamma = noise_schedule{}.gamma(in.step(0)), a = std::sqrt(gamma), b = std::sqrt(1 - gamma);
                for (std::int64_t i = 0; i < v.size(); ++i) {
                    const double eps = (in.noisy.data()[i] - a * x0[static_cast<std::size_t>(i)]) / b;
                    v.data()[i] = a * eps - b * x0[static_cast<std::size_t>(i)];
                }
            },
            [](int, auto) {});
        for (std::size_t i = 0; i < x0.size(); ++i) CHECK(sample[i] == Approx(x0[i]).margin(1e-9));
    }
}

TEST_CASE("guidance 1 asks for the conditional answer only, and guidance acts on all channels") {
    reference::context ctx;
    using latent = view<double, dynamic, 2, 3, 4, 2>;
    const auto sample = [&](guidance guide) {
        std::vector<double> x(48, 0.5);
        int unconditional = 0;
        run_ddim(
            ctx, ddim{1}, guide, noise_schedule{}, denoiser_input<double, grid>{}, philox{}, latent(x.data(), 1),
            [&](const auto&, bool conditional, auto v) {
                unconditional += !conditional;
                for (std::int64_t i = 0; i < v.size(); ++i) v.data()[i] = conditional ? static_cast<double>(i) : 1.0;
            },
            [](int, auto) {});
        return std::make_pair(x, unconditional);
    };
    const auto plain = sample(guidance{1}), guided = sample(guidance{3});
    CHECK(plain.second == 0);
    CHECK(guided.second == 1);
    for (std::size_t i = 0; i < 48; ++i) { // one step from gamma 0: x0 = -v
        CHECK(plain.first[i] == Approx(-static_cast<double>(i)));
        CHECK(guided.first[i] == Approx(-(1 + 3 * (static_cast<double>(i) - 1))));
    }
    const auto rescaled = sample(guidance{.scale = 3, .rescale = 1});
    double spread = 0; // the std of v is the conditional one's again
    for (std::size_t i = 1; i < 48; ++i) spread += std::abs(rescaled.first[i] - rescaled.first[i - 1]) / 47;
    CHECK(spread == Approx(1.0));
}
