// The trainer over many steps: AdamW, clipping, decay, schedule and average against a second implementation in double.
#include "catch.hpp"
#include "regression.hpp"

#include <walt/ops/cpu/optimizer.hpp>
#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/train/ema.hpp>

#include <limits>

using namespace walt;
using namespace walt::testing;

namespace {

constexpr int weights_at = 0, biases_at = 15, trained = 20;

/// The 15 weights and 5 biases, without the padding between them.
template <class Model> std::vector<double> values(const Model& model) {
    const auto masters = model.host_masters();
    const auto& net = model.network();
    std::vector<double> list;
    for (std::size_t i = 0; i < 15; ++i) list.push_back(static_cast<double>(masters[net.weight.offset.all + i]));
    for (std::size_t i = 0; i < 5; ++i) list.push_back(static_cast<double>(masters[net.bias.offset.all + i]));
    return list;
}

/// The gradient of squared_error at w, written apart from it.
std::vector<double> gradient_at(const std::vector<double>& w, const rows& batch) {
    std::vector<double> g(trained, 0.0);
    const std::size_t count = batch.x.size() / 3;
    for (std::size_t o = 0; o < 5; ++o)
        for (std::size_t r = 0; r < count; ++r) {
            const double* x = batch.x.data() + 3 * r;
            const double e =
                w[o * 3] * x[0] + w[o * 3 + 1] * x[1] + w[o * 3 + 2] * x[2] + w[biases_at + o] - batch.y[5 * r + o];
            for (std::size_t k = 0; k < 3; ++k)
                g[weights_at + o * 3 + k] += e * x[k] * 2 / (5.0 * static_cast<double>(count));
            g[biases_at + o] += e * 2 / (5.0 * static_cast<double>(count));
        }
    return g;
}

double widest(const std::vector<double>& a, const std::vector<double>& b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
}

// A large epsilon makes the size of the gradient matter: without it Adam forgets any factor on all gradients.
constexpr adamw felt{.learning_rate = 0.05f, .beta_1 = 0.8f, .beta_2 = 0.95f, .epsilon = 0.1f, .weight_decay = 0.3f};

/// Ten steps against the formulas in double; returns how often the gradient was clipped.
template <class Context, class T> int ten_steps(double tolerance) {
    Context ctx;
    regressor<Context, T> model(ctx, seed{3});
    const training options{.rate = {.warmup = 3, .total = 9, .floor = 0.1f}, .clip = 0.9f, .accumulate = 2};
    trainer train(model, squared_error{}, felt, options);
    ema averaged_model(model, {.decay = 0.4f});
    std::vector<double> w = values(model), average = w, m(trained, 0.0), v(trained, 0.0);
    const double b1 = static_cast<double>(felt.beta_1), b2 = static_cast<double>(felt.beta_2),
                 limit = static_cast<double>(options.clip);
    int clipped = 0;
    for (int t = 1; t <= 10; ++t) {
        const auto first = gradient_at(w, rows_of(2 * t - 2)), second = gradient_at(w, rows_of(2 * t - 1));
        std::vector<double> g(trained);
        double squares = 0;
        for (std::size_t i = 0; i < trained; ++i) {
            g[i] = (first[i] + second[i]) / 2;
            squares += g[i] * g[i];
        }
        const double norm = std::sqrt(squares), scale = norm > limit ? limit / norm : 1.0;
        clipped += norm > limit;
        const int n = t - 1;
        const double low = static_cast<double>(0.1f);
        const double share = n < 3    ? t / 3.0
                             : n >= 9 ? low
                                      : low + (1 - low) * (1 + std::cos(std::acos(-1.0) * (n - 3) / 6.0)) / 2;
        const double rate = static_cast<double>(felt.learning_rate) * share;
        const double keep = std::min(static_cast<double>(0.4f), t / (9.0 + t));
        for (std::size_t i = 0; i < trained; ++i) {
            m[i] = b1 * m[i] + (1 - b1) * g[i] * scale;
            v[i] = b2 * v[i] + (1 - b2) * g[i] * scale * g[i] * scale;
            const double direction = m[i] / (1 - std::pow(b1, t)) /
                                     (std::sqrt(v[i] / (1 - std::pow(b2, t))) + static_cast<double>(felt.epsilon));
            w[i] =
                w[i] - rate * direction - (i < biases_at ? rate * static_cast<double>(felt.weight_decay) * w[i] : 0.0);
            average[i] = keep * average[i] + (1 - keep) * w[i];
        }
        const step_result result = train.step([](std::int64_t k) { return rows_of(k); });
        averaged_model.on_step(train, result);
        CAPTURE(t, norm, clipped);
        CHECK(result.gradient_norm == Approx(norm).epsilon(1e-4));
        CHECK(result.learning_rate == Approx(rate).epsilon(1e-9));
        CHECK(widest(values(model), w) < tolerance);
        CHECK(widest(values(averaged_model.model()), average) < tolerance);
    }
    const auto masters = model.host_masters(), averaged = averaged_model.model().host_masters();
    for (std::size_t i = 0; i < 7; ++i) { // a statistic is not trained
        CHECK(masters[model.network().scale.offset.all + i] == 1);
        CHECK(averaged[model.network().scale.offset.all + i] == 1);
    }
    for (std::size_t i = 0; i < masters.size(); ++i) { // the compute copies are the rounded masters
        CHECK(model.copies().data()[i] == static_cast<T>(masters[i]));
        CHECK(averaged_model.model().copies().data()[i] == static_cast<T>(averaged[i]));
    }
    return clipped;
}

} // namespace

TEST_CASE("ten steps follow the formulas of AdamW, clipping, decay, schedule and average") {
    const int clipped = ten_steps<reference::context, double>(1e-9);
    CHECK(clipped > 0); // both cases came up
    CHECK(clipped < 10);
    ten_steps<reference::context, float>(1e-5);
    ten_steps<cpu::context, float>(1e-5);
}

TEST_CASE("two half batches are one batch") {
    cpu::context ctx;
    regressor<cpu::context, float> one(ctx, seed{3}), two(ctx, seed{3});
    const training whole{.clip = 0.5f}, halves{.clip = 0.5f, .accumulate = 2};
    trainer first(one, squared_error{}, felt, whole), second(two, squared_error{}, felt, halves);
    for (int n = 0; n < 5; ++n) {
        const auto full = [](std::int64_t i) {
            rows both = rows_of(2 * i);
            const rows more = rows_of(2 * i + 1);
            both.x.insert(both.x.end(), more.x.begin(), more.x.end());
            both.y.insert(both.y.end(), more.y.begin(), more.y.end());
            return both;
        };
        const step_result a = first.step(full), b = second.step([](std::int64_t i) { return rows_of(i); });
        CHECK(b.loss == Approx(a.loss).epsilon(1e-6));
        CHECK(b.gradient_norm == Approx(a.gradient_norm).epsilon(1e-5));
    }
    CHECK(widest(values(one), values(two)) < 1e-5);
}

TEST_CASE("a poisoned step between two others leaves no trace") {
    reference::context ctx;
    regressor<reference::context, bf16> clean(ctx, seed{3}), dirty(ctx, seed{3});
    const training steady{.rate = {.warmup = 0, .total = 10, .floor = 1.0f}, .accumulate = 2, .give_up_after = 2};
    trainer without(clean, squared_error{}, felt, steady), with(dirty, squared_error{}, felt, steady);
    ema clean_average(clean), dirty_average(dirty);
    const double bad = GENERATE(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity());
    // Steps of two micro-batches: 0 1, [2 3: poisoned], 4 5 against 0 1, 2 3 with the numbers of 4 5.
    for (int n = 0; n < 2; ++n)
        clean_average.on_step(without, without.step([](std::int64_t i) { return rows_of(i < 2 ? i : i + 2); }));
    const auto poisoned = [&](std::int64_t i) {
        rows batch = rows_of(i);
        if (i == 2) batch.y[4] = bad;
        return batch;
    };
    for (const bool skipped : {false, true, false}) {
        const step_result result = with.step(poisoned);
        CHECK(result.skipped == skipped);
        dirty_average.on_step(with, result);
    }
    CHECK(with.skipped() == 1);
    CHECK(with.step_count() == 3);
    CHECK(with.position() == 6);
    CHECK(dirty.host_masters() == clean.host_masters());
    CHECK(dirty_average.model().host_masters() == clean_average.model().host_masters());
}

TEST_CASE("a run that goes on being poisoned says where") {
    reference::context ctx;
    regressor<reference::context, float> model(ctx, seed{3});
    const auto source = [](std::int64_t i) { return rows_of(i); };
    const auto loss_only = [](auto&, const rows&, auto, philox, auto loss) {
        loss(0) = std::numeric_limits<float>::quiet_NaN();
    };
    trainer silent(model, loss_only, felt, training{.give_up_after = 2});
    CHECK(silent.step(source).skipped);
    CHECK_THROWS_WITH(silent.step(source), Catch::Contains("2 steps in a row") && Catch::Contains("the loss"));
    const auto bias_only = [](auto& m, const rows&, auto g, philox, auto loss) {
        g(m.network().bias)(2) = std::numeric_limits<float>::infinity();
        loss(0) = 1;
    };
    trainer loud(model, bias_only, felt, training{.give_up_after = 1});
    CHECK_THROWS_WITH(loud.step(source), Catch::Contains("the gradient of bias"));
}

TEST_CASE("the sum of squares does not depend on the number of threads") {
    cpu::context ctx;
    reference::context plain;
    const std::int64_t count = 16384 * 5 + 77;
    buffer<float> numbers(ctx, static_cast<std::size_t>(count));
    const philox draws{4, 2};
    double exact = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        numbers.data()[i] = draws.normal(static_cast<std::uint64_t>(i)) * (i % 3 ? 1e-3f : 1e3f);
        exact += static_cast<double>(numbers.data()[i]) * static_cast<double>(numbers.data()[i]);
    }
    const auto sum = [&](auto& device) {
        double squares = -1;
        ops::sum_of_squares(device, numbers.all(), view<double, 1>(&squares));
        return squares;
    };
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    const double one = sum(ctx);
    omp_set_num_threads(3);
    const double three = sum(ctx);
    omp_set_num_threads(threads);
    CHECK(one == three);
    CHECK(one == Approx(exact).epsilon(1e-11));
    CHECK(sum(plain) == Approx(exact).epsilon(1e-11));
    numbers.data()[16384 * 5 + 76] = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(std::isfinite(sum(ctx)));
}
