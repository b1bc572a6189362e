#include "../catch.hpp"

#include <walt/core/philox.hpp>
#include <walt/core/running_moments.hpp>

using namespace walt;

TEST_CASE("moments of pieces are those of the whole, also where the mean is large and the deviation small") {
    constexpr std::size_t channels = 3, rows = 1000;
    std::vector<float> values;
    for (std::size_t i = 0; i < rows; ++i) {
        values.push_back(philox{1}.normal(i));
        values.push_back(4096 + philox{2}.normal(i) / 4);
        values.push_back(-7);
    }
    double mean[channels]{}, deviation[channels]{};
    for (std::size_t i = 0; i < values.size(); ++i) mean[i % channels] += static_cast<double>(values[i]) / rows;
    for (std::size_t i = 0; i < values.size(); ++i)
        deviation[i % channels] += std::pow(static_cast<double>(values[i]) - mean[i % channels], 2) / rows;
    for (const std::size_t piece : {rows, std::size_t{1}, std::size_t{7}, std::size_t{400}}) {
        running_moments found(channels);
        for (std::size_t first = 0; first < rows; first += piece)
            found.add(std::span(values).subspan(first * channels, std::min(piece, rows - first) * channels));
        CHECK(found.rows() == rows);
        for (std::size_t c = 0; c < channels; ++c) {
            CHECK(found.mean(c) == Approx(mean[c]).epsilon(1e-12).margin(1e-12));
            CHECK(found.deviation(c) == Approx(std::sqrt(deviation[c])).epsilon(1e-9).margin(1e-9));
        }
    }
    running_moments none(2);
    CHECK((none.rows() == 0 && none.deviation(0) == 0));
    CHECK_THROWS_WITH(none.add(std::span(values).first(5)),
                      Catch::Contains("rows of 2") && Catch::Contains("5 numbers"));
}
