// The inception score: the golden file, values known by hand, messages.
#include "../catch.hpp"

#include <walt/measures/inception_score.hpp>
#include <walt/testing/golden.hpp>

#include <filesystem>

using namespace walt;

TEST_CASE("the inception score equals its golden file, however the rows come", "[measures][golden]") {
    const testing::golden_file golden(std::filesystem::path(WALT_TEST_DATA) / "golden/recipe/measures.safetensors");
    const auto logits = golden.values<double>("in.logits"), wanted = golden.values<double>("out.inception");
    const std::size_t at_once = GENERATE(1u, 7u, 20u, 60u);
    inception_score score(60 / 4);
    for (std::size_t at = 0; at < 60; at += at_once)
        score.add(std::span(logits).subspan(at * 7, std::min(at_once, 60 - at) * 7), 7);
    CHECK(score.count() == 60);
    REQUIRE(score.of_splits().size() == 4);
    CHECK(score.mean() == Approx(wanted[0]).epsilon(1e-6));
    CHECK(score.deviation() == Approx(wanted[1]).epsilon(1e-6));
}

TEST_CASE("the score is one where all rows say the same, and the number of classes where each is sure of another",
          "[measures]") {
    inception_score same(8), sure(8), short_end(3);
    std::vector<double> rows;
    for (int i = 0; i < 8; ++i) {
        same.add(std::vector<double>{3, -1, 900}, 3);
        for (int c = 0; c < 4; ++c) rows.push_back(c == i % 4 ? 800 : 0); // the others' probabilities are 0
    }
    sure.add(rows, 4);
    CHECK(same.mean() == Approx(1).epsilon(1e-12));
    CHECK(same.deviation() == 0);
    CHECK(sure.mean() == Approx(4).epsilon(1e-12));
    short_end.add(rows, 4); // 3, 3 and 2 rows, each of another class
    REQUIRE(short_end.of_splits().size() == 3);
    CHECK(short_end.of_splits()[0] == Approx(3));
    CHECK(short_end.of_splits()[2] == Approx(2));
    CHECK(short_end.deviation() == Approx(std::sqrt(2.0) / 3));
}

TEST_CASE("logits that have no score are refused in a sentence", "[measures]") {
    inception_score score(2);
    CHECK_THROWS_WITH(score.mean(), Catch::Contains("no row"));
    score.add(std::vector<double>{1, 2}, 2);
    CHECK_THROWS_WITH(score.add(std::vector<double>{1, 2, 3}, 3),
                      Catch::Contains("rows of 3 logits cannot follow rows of 2"));
    CHECK_THROWS_WITH(score.add(std::vector<double>{1, 2, 3}, 2), Catch::Contains("3 numbers are no whole rows of 2"));
    CHECK_THROWS_WITH(score.add(std::vector<double>{1, std::nan("")}, 2), Catch::Contains("not a finite number"));
    CHECK_THROWS_WITH(inception_score(0), Catch::Contains("1 row or more, not 0"));
    CHECK(score.count() == 1);
}
