// Feature statistics and the Frechet distance: the golden file, Gaussians known by hand, messages.
#include "../catch.hpp"

#include <walt/measures/frechet.hpp>
#include <walt/testing/golden.hpp>

#include <filesystem>
#include <vector>

using namespace walt;

namespace {
feature_statistics statistics_of(const std::vector<double>& rows, std::int64_t features, std::size_t at_once = 0) {
    feature_statistics made;
    const std::size_t step = at_once * static_cast<std::size_t>(features);
    for (std::size_t at = 0; at < rows.size(); at += step ? step : rows.size())
        made.add(std::span(rows).subspan(at, std::min(step ? step : rows.size(), rows.size() - at)), features);
    return made;
}
} // namespace

TEST_CASE("the Frechet distance equals its golden file, however the rows come", "[measures][golden]") {
    const testing::golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden/recipe/measures.safetensors");
    const auto a = golden.values<double>("in.a"), b = golden.values<double>("in.b");
    const std::size_t at_once = GENERATE(0u, 1u, 7u, 60u);
    CHECK(frechet_distance(statistics_of(a, 9, at_once), statistics_of(b, 9, at_once)) ==
          Approx(golden.scalar("out.frechet")).epsilon(1e-6));
}

TEST_CASE("the Frechet distance of Gaussians that are known", "[measures]") {
    // Per axis two points at mean +- d: variance 2 d^2 over n - 1 = 3 rows of four, the axes uncorrelated.
    const auto cross = [](double x, double y, double dx, double dy) {
        return std::vector<double>{x + dx, y, x - dx, y, x, y + dy, x, y - dy};
    };
    const double third = 2.0 / 3;
    const auto a = statistics_of(cross(0, 0, 1, 2), 2), b = statistics_of(cross(3, -4, 2, 2), 2);
    CHECK(std::abs(a.mean()[0]) + std::abs(a.mean()[1]) == Approx(0).margin(1e-15));
    CHECK(a.covariance()(0, 0) == Approx(third));
    CHECK(a.covariance()(1, 1) == Approx(4 * third));
    CHECK(a.covariance()(0, 1) == Approx(0).margin(1e-15));
    CHECK(frechet_distance(a, a) == Approx(0).margin(1e-12));
    CHECK(frechet_distance(a, b) == Approx(25 + third)); // |(3, -4)|^2 + (2 - 1)^2 2/3
    CHECK(frechet_distance(b, a) == Approx(25 + third));
}

TEST_CASE("far from zero no digits are lost", "[measures]") {
    const auto near = statistics_of({1, 2, 3, 6}, 1), far = statistics_of({1e8 + 1, 1e8 + 2, 1e8 + 3, 1e8 + 6}, 1, 1);
    CHECK(far.covariance()(0, 0) == Approx(near.covariance()(0, 0)).epsilon(1e-12));
    CHECK(far.count() == 4);
}

TEST_CASE("features that cannot be measured are refused in a sentence", "[measures]") {
    feature_statistics one = statistics_of({1, 2, 3, 4}, 2);
    CHECK_THROWS_WITH(one.add(std::vector<double>{1, 2, 3}, 3),
                      Catch::Contains("rows of 3 features cannot follow rows of 2"));
    CHECK_THROWS_WITH(one.add(std::vector<double>{1, 2, 3}, 2), Catch::Contains("3 numbers are no whole rows of 2"));
    CHECK_THROWS_WITH(one.add(std::vector<double>{1, std::nan("")}, 2), Catch::Contains("not a finite number"));
    CHECK(one.count() == 2);
    CHECK_THROWS_WITH(frechet_distance(one, statistics_of({1, 2, 3}, 1)),
                      Catch::Contains("2 features cannot be compared with 1"));
    CHECK_THROWS_WITH(statistics_of({1, 2}, 2).covariance(), Catch::Contains("2 rows or more; 1 came"));
    CHECK_THROWS_WITH(feature_statistics().mean(), Catch::Contains("no row"));
}
