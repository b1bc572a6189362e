// Intervals: that they hold the truth as often as they say, and that the bias of few clips is what theory says.
#include "../catch.hpp"

#include <walt/measures/bootstrap.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;

namespace {
std::vector<double> normal(std::size_t count, std::uint64_t stream, double about = 0) {
    std::vector<double> made;
    for (std::size_t i = 0; i < count; ++i)
        made.push_back(about + static_cast<double>(philox{7, stream}.normal(static_cast<std::uint64_t>(i))));
    return made;
}
/// Features [clips, width].
feature_statistics statistics_of(const std::vector<double>& rows, std::int64_t width) {
    feature_statistics made;
    made.add(rows, width);
    return made;
}
grouped_statistics grouped(const std::vector<double>& rows, std::int64_t width, int groups) {
    grouped_statistics made(groups);
    for (std::size_t at = 0; at < rows.size(); at += static_cast<std::size_t>(width))
        made.add(std::span(rows).subspan(at, static_cast<std::size_t>(width)), width);
    return made;
}
} // namespace

TEST_CASE("an interval of a mean is as wide as theory says and holds the truth as often as it should", "[measures]") {
    int held = 0;
    double width = 0;
    for (std::uint64_t i = 0; i < 200; ++i) {
        const estimate one = mean_of(normal(40, i, 3), {.times = 300, .level = 0.9});
        CHECK((one.low <= one.value && one.value <= one.high && one.bias == 0));
        held += one.low <= 3 && 3 <= one.high;
        width += one.high - one.low;
    }
    CHECK(held >= 166); // of 180 with a deviation of 4; percentiles of 40 are a little narrow
    CHECK(held <= 194);
    CHECK(width / 200 == Approx(2 * 1.645 / std::sqrt(40.0)).epsilon(0.05));
}

TEST_CASE("what is certain has no width, and the same seed draws the same", "[measures]") {
    const estimate sure = mean_of(std::vector<double>(20, 1.0));
    CHECK(sure == estimate{.value = 1, .low = 1, .high = 1});
    const auto some = normal(30, 1);
    CHECK(mean_of(some) == mean_of(some));
    CHECK_FALSE(mean_of(some) == mean_of(some, {.seed = walt::seed{2}}));
    CHECK(mean_of(some, {.times = 0}).low == mean_of(some).value);
    CHECK_THROWS_WITH(mean_of({}), Catch::Contains("1 clip or more"));
    CHECK_THROWS_WITH(mean_of(std::vector<double>{1, 1 / 0.0}), Catch::Contains("not finite"));
    CHECK_THROWS_WITH(mean_of(some, {.level = 1}), Catch::Contains("these are 1000 and 1"));
}

TEST_CASE("statistics merge: of parts, of parts that come often, of none", "[measures]") {
    const auto rows = normal(90, 1, 50), others = normal(60, 2, -20);
    std::vector<double> all = rows;
    for (int twice = 0; twice < 2; ++twice) all.insert(all.end(), others.begin(), others.end());
    feature_statistics merged = statistics_of(rows, 3);
    merged.add(statistics_of(others, 3), 2);
    merged.add(statistics_of(others, 3), 0);
    merged.add(feature_statistics());
    const feature_statistics wanted = statistics_of(all, 3);
    CHECK(merged.count() == 70);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(merged.mean()[i] == Approx(wanted.mean()[i]).epsilon(1e-12));
        for (std::size_t j = 0; j <= i; ++j)
            CHECK(merged.covariance()(i, j) == Approx(wanted.covariance()(i, j)).epsilon(1e-12));
    }
    feature_statistics empty;
    empty.add(merged);
    CHECK((empty.count() == 70 && empty.mean() == merged.mean()));
    CHECK_THROWS_WITH(merged.add(statistics_of({1, 2}, 2)),
                      Catch::Contains("rows of 2 features cannot follow rows of 3"));
}

TEST_CASE("a Frechet distance of few clips is too large by what the bootstrap says", "[measures]") {
    // Both are standard normal, so the true distance is 0, and N clips are D / N further by their mean, and about
    // (D^2 + D) / (4 N) by their covariance.
    constexpr std::int64_t D = 4;
    const frechet_from real(statistics_of(normal(4 * 20000, 1), D));
    double value = 0, bias = 0;
    int held = 0;
    for (std::uint64_t i = 0; i < 40; ++i) {
        const estimate one =
            frechet_estimate(real, grouped(normal(4 * 200, 10 + i), D, 50), {.times = 60, .level = 0.9});
        value += one.value / 40, bias += one.bias / 40;
        held += one.low <= 0.002;
    }
    const double theory = (D + (D * D + D) / 4.0) / 200;
    CHECK(value == Approx(theory).epsilon(0.15));
    CHECK(bias == Approx(theory).epsilon(0.15));
    CHECK(held >= 34);
}

TEST_CASE("an interval of a distance holds the distance of many clips", "[measures]") {
    constexpr std::int64_t D = 3;
    const frechet_from real(statistics_of(normal(3 * 20000, 1), D));
    const double far = real(statistics_of(normal(3 * 20000, 2, 1), D));
    int held = 0;
    for (std::uint64_t i = 0; i < 40; ++i) {
        const estimate one =
            frechet_estimate(real, grouped(normal(3 * 150, 100 + i, 1), D, 50), {.times = 60, .level = 0.9});
        held += one.low <= far && far <= one.high;
    }
    CHECK(held >= 31);
    const auto few = grouped(normal(9, 5), D, 50); // 3 clips are 3 groups
    CHECK(few.groups() == 3);
    CHECK(frechet_estimate(real, grouped(normal(60, 5), D, 8), {.times = 0}).bias == 0);
    CHECK_THROWS_WITH(grouped_statistics(1), Catch::Contains("not by 1"));
}

TEST_CASE("clips and what was made of them are drawn together", "[measures]") {
    constexpr std::int64_t D = 3;
    const auto rows = normal(3 * 150, 1);
    auto moved = rows;
    for (double& one : moved) one += 0.3;
    const grouped_statistics real = grouped(rows, D, 50), made = grouped(moved, D, 50);
    const estimate same = frechet_estimate(real, real, {.times = 30});
    CHECK(same.value == Approx(0).margin(1e-9));
    CHECK(same.high == Approx(0).margin(1e-9));
    const estimate apart = frechet_estimate(real, made, {.times = 30}); // by 0.3 in each of 3, whichever are drawn
    for (const double one : {apart.value, apart.low, apart.high}) CHECK(one == Approx(0.27).epsilon(1e-6));
    CHECK(apart.bias == Approx(0).margin(1e-6));
    CHECK_THROWS_WITH(frechet_estimate(grouped(normal(6, 1), D, 50), made, {.times = 1}),
                      Catch::Contains("150 clips are no pairs with 2"));
}
