// The noise schedule's numbers, guidance weights, and DDIM's levels and updates against closed forms.
#include "catch.hpp"

#include <walt/diffusion/dpm_solver.hpp>
#include <walt/diffusion/sampling.hpp>
#include <walt/reference.hpp>

using namespace walt;

TEST_CASE("the linear schedule before its rescale") {
    const noise_schedule linear(linear_beta(false));
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
    CHECK_THROWS_WITH(ddim{0}.levels(), Catch::Contains("must be 1 to 1000; it is 0"));
    CHECK_THROWS_WITH(ddim{1001}.levels(), Catch::Contains("must be 1 to 1000; it is 1001"));
}

namespace {
/// Levels of the given gammas.
std::vector<noise_level> path(std::initializer_list<double> gammas) {
    std::vector<noise_level> levels;
    for (const double gamma : gammas) levels.push_back({std::sqrt(gamma), std::sqrt(1 - gamma)});
    return levels;
}
} // namespace

TEST_CASE("an update keeps the variance that the next level has") {
    for (const float eta : {0.0f, 0.3f, 1.0f}) {
        const sampler_step step = ddim{.eta = eta}.at(path({0.3, 0.7}), 0);
        CHECK(step.x0 == Approx(std::sqrt(0.7)));
        CHECK(step.eps * step.eps + step.noise * step.noise == Approx(0.3));
        CHECK(step.noise == Approx(static_cast<double>(eta) * std::sqrt(0.3 / 0.7) * std::sqrt(1 - 0.3 / 0.7)));
        CHECK((step.x == 0 && step.x0_before == 0));
    }
    const sampler_step last = ddim{.eta = 1}.at(path({0.99, 1.0}), 0); // to the sample itself: no noise at any eta
    CHECK(last.x0 == 1.0);
    CHECK(last.eps == 0.0);
    CHECK(last.noise == 0.0);
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
    const frame_mixtures<double> at(ctx, noise_schedule{}, v_prediction, step);
    const auto take = [&] { return ctx.arena.take<double, dynamic>(4 * 7); };
    const auto x0 = take(), eps = take(), x_t = take(), v = take(), x0_back = take();
    ops::normal(ctx, philox{1, 1}, x0);
    ops::normal(ctx, philox{1, 2}, eps);
    at.noisy(ctx, x0, eps, x_t);
    at.target(ctx, x0, eps, v);
    at.x0_of(ctx, x_t, v, x0_back);
    for (int i = 0; i < 28; ++i) {
        const answer_reading reading(noise_schedule{}, v_prediction, step[static_cast<std::size_t>(i / 7)]);
        CHECK(x0_back(i) == Approx(x0(i)).margin(1e-12));
        CHECK(reading.eps_of_x * x_t(i) + reading.eps_of_answer * v(i) == Approx(eps(i)).margin(1e-12));
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
        run_sampler(
            ctx, sampling{.sampler = ddim{7, eta}, .seed = seed{9}}, denoiser_input<double, grid>{},
            latent(sample.data(), 3),
            [&](const auto& in, auto v) { // v of the x0 that is known: eps = (x_t - sqrt(gamma) x0) / sqrt(1 - gamma)
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
        run_sampler(
            ctx, sampling{.sampler = ddim{1}, .guide = guide}, denoiser_input<double, grid>{}, latent(x.data(), 1),
            [&](const auto& in, auto v) {
                unconditional += static_cast<int>(in.batch()) - 1; // behind the conditional half
                for (std::int64_t i = 0; i < v.size(); ++i) v.data()[i] = i < 48 ? static_cast<double>(i) : 1.0;
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

TEST_CASE("guidance's rescale looks at frames that are asked for, and at each image by itself") {
    reference::context ctx;
    using latent = view<double, dynamic, 2, 3, 4, 2>;
    const auto second_frame = [&](bool images, bool knows, double in_the_first) {
        std::vector<double> x(48, 0.5), known(96, 0.0), mask{1, 0, 0, 0};
        denoiser_input<double, grid> given;
        if (knows) {
            given.known = view<const double, dynamic, 2, 3, 4, 2>(known.data(), 2);
            given.mask = view<const double, dynamic>(mask.data(), 4);
        }
        run_sampler(
            ctx, sampling{.sampler = ddim{1}, .guide = {.scale = 3, .rescale = 1}, .images = images}, given,
            latent(x.data(), 1),
            [&](const auto&, auto v) {
                for (std::int64_t i = 0; i < v.size(); ++i)
                    v.data()[i] =
                        i < 48 ? static_cast<double>(i) * (i < 24 ? in_the_first : 1) : static_cast<double>(i % 5 * i);
            },
            [](int, auto) {});
        return std::vector<double>(x.begin() + 24, x.end());
    };
    CHECK(second_frame(false, false, 100) != second_frame(false, false, 1)); // a video has one deviation
    CHECK(second_frame(true, false, 100) == second_frame(true, false, 1));
    CHECK(second_frame(false, true, 100) == second_frame(false, true, 1));
    CHECK(second_frame(false, true, 1) == second_frame(true, false, 1)); // of the one frame that is left
}

TEST_CASE("a schedule whose first level is clean is sampled to its end") {
    const auto levels = path({0.5, 1.0, 1.0});
    for (const sampler_step& step : {ddim{.eta = 1}.at(levels, 1), dpm_solver_pp_2m{}.at(levels, 1)}) {
        CHECK((step.x == 0 && step.x0 == 1 && step.eps == 0 && step.x0_before == 0 && step.noise == 0));
    }
}

TEST_CASE("v's coefficients, solved for x0 and eps, are the closed ones to the last bit in float") {
    const noise_schedule schedule;
    for (int level = 0; level < noise_schedule::levels; ++level) {
        const auto [signal, noise] = schedule.at(level);
        const answer_reading v(schedule, v_prediction, level);
        REQUIRE(static_cast<float>(v.x0_of_x) == static_cast<float>(signal));
        REQUIRE(static_cast<float>(v.x0_of_answer) == -static_cast<float>(noise));
        REQUIRE(static_cast<float>(v.eps_of_x) == static_cast<float>(noise));
        REQUIRE(static_cast<float>(v.eps_of_answer) == static_cast<float>(signal));
    }
}

TEST_CASE("every prediction gives x0 and eps back; one that cannot is refused with its level") {
    const noise_schedule some_signal(linear_beta(false));
    const prediction flow = [](noise_level) { return answer_shares{-1, 1}; };
    const double x0 = 0.7, eps = -1.3;
    for (const prediction& predicts :
         {prediction(v_prediction), prediction(eps_prediction), prediction(x0_prediction), flow})
        for (const int level : {0, 300, 999}) {
            const auto [signal, noise] = some_signal.at(level);
            const answer_shares of = predicts({signal, noise});
            const double x = signal * x0 + noise * eps, answer = of.x0 * x0 + of.eps * eps;
            const answer_reading reading(some_signal, predicts, level);
            CHECK(reading.x0_of_x * x + reading.x0_of_answer * answer == Approx(x0));
            CHECK(reading.eps_of_x * x + reading.eps_of_answer * answer == Approx(eps));
        }
    CHECK_THROWS_WITH(answer_reading(noise_schedule{}, eps_prediction, 999),
                      Catch::Contains("level 999") && Catch::Contains("0 x0 + 1 noise"));
}

TEST_CASE("a schedule is any function of the level") {
    const noise_schedule straight([](int level) {
        return noise_level{1 - (level + 1) / 1000.0, (level + 1) / 1000.0};
    });
    CHECK(straight.at(499).signal == Approx(0.5));
    CHECK(straight.at(999).noise == 1.0);
    const noise_schedule cosine([](int level) { return std::pow(std::cos((level + 1) / 1000.0 * 1.5707963), 2); });
    CHECK(cosine.at(499).noise == Approx(std::sqrt(0.5)));
    CHECK_THROWS_WITH(noise_schedule([](int level) { return 1 + level; }),
                      Catch::Contains("level 1 ") && Catch::Contains("2"));
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
    for (const noise_level wrong : {noise_level{nan, 0}, {1, nan}, {infinite, 1}, {1, infinite}, {-1, 0}, {0, -1}})
        CHECK_THROWS_WITH(noise_schedule([&](int level) { return level < 5 ? noise_level{} : wrong; }),
                          Catch::Equals(fmt::format("a schedule's signal and noise are finite and 0 or more; at level "
                                                    "5 they are {} and {}",
                                                    wrong.signal, wrong.noise)));
    for (const answer_shares wrong : {answer_shares{nan, 1}, {0, infinite}})
        CHECK_THROWS_WITH(answer_reading(
                              straight, [&](noise_level) { return wrong; }, 499),
                          Catch::Contains("no number at level 499") &&
                              Catch::Contains(fmt::format("{} x0 + {} noise", wrong.x0, wrong.eps)));
}

TEST_CASE("DPM-Solver++ 2M: its first and last steps are DDIM's, and it lands where a straight course does") {
    const dpm_solver_pp_2m solver{.steps = 5};
    CHECK(solver.levels() == ddim{5}.levels());
    const std::vector<noise_level> levels = path({0.0, 0.2, 0.6, 0.9, 1.0});
    const sampler_step first = solver.at(levels, 0), second = solver.at(levels, 1), last = solver.at(levels, 3);
    CHECK(first.x == Approx(std::sqrt(0.8))); // where there is no signal, x is the noise
    CHECK(first.x0 == Approx(std::sqrt(0.2)));
    CHECK(first.x0_before == 0);
    CHECK(second.x0_before == 0); // the step before was infinitely long
    CHECK((last.x == 0 && last.x0 == 1 && last.x0_before == 0));
    const sampler_step third = solver.at(levels, 2);
    const auto lambda = [](double gamma) { return 0.5 * std::log(gamma / (1 - gamma)); };
    const double h = lambda(0.9) - lambda(0.6), r = h / (2 * (lambda(0.6) - lambda(0.2)));
    CHECK(third.x == Approx(std::sqrt(0.1 / 0.4)));
    CHECK(third.x0 == Approx(-std::sqrt(0.9) * std::expm1(-h) * (1 + r)));
    CHECK(third.x0_before == Approx(std::sqrt(0.9) * std::expm1(-h) * r));
}
