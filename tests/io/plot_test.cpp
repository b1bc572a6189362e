#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/io/plot.hpp>
#include <walt/io/read_file.hpp>

namespace {

std::string plotted(const std::vector<walt::curve>& curves, bool log_y = false, bool log_x = false) {
    const temporary_folder folder;
    walt::write_curves(folder.path / "a.svg", "title <&>", "steps", "loss", curves, log_y, log_x);
    const std::vector<std::byte> bytes = walt::read_file(folder.path / "a.svg");
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
    return found;
}
std::vector<double> ticks(double low, double high, bool logarithmic = false) {
    return walt::detail::plot_axis{logarithmic, low, high}.ticks();
}

} // namespace

TEST_CASE("a plot has its words, a line for every curve, and the ends of the axes in place") {
    const std::string svg = plotted({{"train", {{0, 0}, {10, 5}}}, {"valid \"2\"\x01", {{0, 4}, {5, 5}, {10, 0}}}});
    CHECK(count(svg, "<polyline") == 2);
    for (const char* words :
         {"title &lt;&amp;&gt;", ">steps<", ">loss<", ">train<", "valid &quot;2&quot;", ">10<", ">0<"})
        CHECK(svg.find(words) != std::string::npos);
    // 4 % of room below 0 and above 5, so 0 is at 365 - 325 * 0.2 / 5.4 and 5 is as far from the top
    CHECK(svg.find("points=\"74,353 690,52 \"") != std::string::npos);
    CHECK(svg.find("points=\"74,112.2 382,52 690,353 \"") != std::string::npos);
    CHECK(svg.substr(svg.size() - 7) == "</svg>\n");
}

TEST_CASE("ticks are round") {
    CHECK(ticks(0, 10) == std::vector<double>{0, 2, 4, 6, 8, 10});
    CHECK(ticks(-1, 1) == std::vector<double>{-1, -0.5, 0, 0.5, 1});
    CHECK(ticks(0.001, 1000, true).size() == 7);
    CHECK(ticks(0.001, 1000, true)[1] == Approx(0.01));
    CHECK(ticks(1e-30, 1, true).size() <= 9);
    CHECK(ticks(2, 3, true).size() >= 4);
    CHECK(ticks(1e17, 1e17 + 32).size() <= 12);
}

TEST_CASE("a logarithmic axis puts equal factors at equal distances") {
    const std::string svg = plotted({{"a", {{1, 1}, {2, 10}, {4, 100}}}}, true, true);
    CHECK(svg.find("points=\"74,353 382,202.5 690,52 \"") != std::string::npos);
}

TEST_CASE("points that cannot be shown are left out, and nothing breaks what is degenerate") {
    const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
    const std::string svg = plotted({{"a", {{0, 1}, {1, nan}, {2, infinity}, {nan, 3}, {4, 2}, {5, -1}}}}, true);
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("inf") == std::string::npos);
    CHECK(count(svg.substr(svg.find("points=")), ",") == 2);
    for (const auto& curves : std::vector<std::vector<walt::curve>>{{},
                                                                    {{"a", {}}},
                                                                    {{"a", {{3, 7}}}},
                                                                    {{"a", {{0, 0}, {0, 0}}}},
                                                                    {{"a", {{1e17, 1e17}, {1e17 + 64, 1e17 + 64}}}},
                                                                    {{"a", {{-1e299, 1e299}, {1e299, -1e299}}}},
                                                                    {{"a", {{1, 1e-299}, {2, 1e-299}}}},
                                                                    {{"a", {{1, 5e-324}}}}})
        for (const bool logarithmic : {false, true}) {
            const std::string one = plotted(curves, logarithmic);
            CHECK(one.find("nan") == std::string::npos);
            CHECK(one.find("inf") == std::string::npos);
            CHECK(one.size() < 20'000);
        }
}

TEST_CASE("a million points are drawn as light as a thousand, and their extremes are kept") {
    walt::curve noisy{"a", {}};
    for (std::int64_t i = 0; i < 1'000'000; ++i)
        noisy.points.emplace_back(static_cast<double>(i),
                                  i == 654'321 ? 90.0 : static_cast<double>(i * 7919 % 100) / 100);
    const std::string svg = plotted({noisy});
    CHECK(svg.size() < 60'000);
    CHECK(svg.find(",52 ") != std::string::npos); // the one peak, at the top
}
