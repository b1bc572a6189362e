// Drift: what frames look like, and that a table of rounds sees colour, sharpness and features go away.
#include "../catch.hpp"

#include <walt/core/philox.hpp>
#include <walt/measures/drift.hpp>

#include <limits>

using namespace walt;

namespace {
/// Features of a frame: its means of red and blue.
struct means {
    static constexpr int pooled_features = 2;
    std::vector<double> pooled(const clips& x) const {
        std::vector<double> rows;
        for (std::int64_t n = 0; n < x.shape.count * x.shape.frames; ++n)
            for (const int c : {0, 2}) {
                double sum = 0;
                for (std::int64_t i = c; i < x.shape.frame(); i += 3)
                    sum += static_cast<double>(x.pixels[static_cast<std::size_t>(n * x.shape.frame() + i)]);
                rows.push_back(sum);
            }
        return rows;
    }
};
clips noise(std::int64_t count, std::uint64_t stream, float about, float width) {
    clips made{.shape = {count, 3, 6, 5}};
    for (std::int64_t i = 0; i < made.shape.size(); ++i)
        made.pixels.push_back(about + width * philox{1, stream}.normal(static_cast<std::uint64_t>(i)));
    return made;
}
} // namespace

TEST_CASE("looks of frames: mean colours, and how much neighbours differ") {
    clips x{.shape = {1, 2, 2, 3}};
    // Red rises by 0.5 a column, green by 1 a row, blue is 0.25; the second frame is black.
    for (int y = 0; y < 2; ++y)
        for (int column = 0; column < 3; ++column)
            for (const float one : {0.5f * static_cast<float>(column), static_cast<float>(y), 0.25f})
                x.pixels.push_back(2 * one - 1);
    x.pixels.resize(36, -1);
    const frame_looks one = frame_looks::of(x.frames(0, 1)), both = frame_looks::of(x);
    CHECK(one.colour[0] == Approx(0.5));
    CHECK(one.colour[1] == Approx(0.5));
    CHECK(one.colour[2] == Approx(0.25));
    CHECK(one.sharpness == Approx(std::sqrt((4 * 0.25 + 3 * 1.0) / 21))); // 4 pairs in rows, 3 in columns, 3 channels
    CHECK(both.colour[2] == Approx(0.125));
    CHECK(both.sharpness == Approx(one.sharpness / std::sqrt(2.0)));
    frame_looks sum = one;
    sum.add(frame_looks::of(x.frames(1, 1)));
    CHECK((sum.pixels == 12 && sum.pairs == 14 && sum.colour[0] == Approx(both.colour[0]) &&
           sum.sharpness == Approx(both.sharpness)));
    clips outside = x;
    for (float& pixel : outside.pixels) pixel = pixel > 0.9f ? 3.0f : pixel;
    CHECK(frame_looks::of(outside).colour[1] == Approx(both.colour[1])); // clamped
    CHECK_THROWS_WITH(frame_looks::of(clips{.shape = {1, 1, 1, 4}, .pixels = std::vector<float>(12)}),
                      Catch::Contains("1 x 4 with 3"));
    x.pixels[4] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(frame_looks::of(x), Catch::Equals("looks are of pixels that are numbers; one of 12 is none"));
}

TEST_CASE("looks are over the pixels that are there") {
    const clips whole = noise(2, 7, 0, 0.3f);
    clips holes = whole;
    holes.present.assign(holes.pixels.size() / 3, 1);
    for (std::size_t i = 0; i < holes.present.size(); ++i)
        if (i % 7 == 3 || i < 12) holes.present[i] = 0;
    const auto with = [&](float under) {
        clips of = holes;
        for (std::size_t i = 0; i < of.pixels.size(); ++i)
            if (of.present[i / 3] == 0) of.pixels[i] = under;
        return frame_looks::of(of);
    };
    const frame_looks found = with(0);
    double red = 0;
    std::int64_t pixels = 0;
    for (std::size_t i = 0; i < holes.present.size(); ++i)
        if (holes.present[i] != 0) ++pixels, red += (static_cast<double>(holes.pixels[3 * i]) + 1) / 2;
    CHECK(found.pixels == pixels);
    CHECK(found.colour[0] == Approx(red / static_cast<double>(pixels)));
    CHECK(found.sharpness == Approx(frame_looks::of(whole).sharpness).epsilon(0.1));
    for (const float junk : {1.0f, std::numeric_limits<float>::quiet_NaN()}) {
        CHECK(with(junk).colour == found.colour);
        CHECK(with(junk).sharpness == found.sharpness);
    }

    // Frames count by what is there of them, and one of which nothing is there not at all.
    frame_looks sum = frame_looks::of(holes.frames(0, 1));
    sum.add(frame_looks::of(holes.frames(1, 2)));
    CHECK((sum.pixels == found.pixels && sum.pairs == found.pairs));
    CHECK(sum.colour[2] == Approx(found.colour[2]));
    CHECK(sum.sharpness == Approx(found.sharpness));
    clips none = whole;
    none.present.assign(whole.pixels.size() / 3, 0);
    frame_looks more = found, first = frame_looks::of(none);
    more.add(frame_looks::of(none));
    first.add(found);
    first.add(frame_looks{});
    for (const frame_looks& one : {more, first}) {
        CHECK(one.colour == found.colour);
        CHECK(one.sharpness == Approx(found.sharpness));
    }
}

TEST_CASE("a table of rounds sees how far each is from real frames") {
    const means features;
    drift table("means", features);
    table.add_real(noise(40, 1, 0, 0.2f));
    table.add(0, noise(40, 2, 0, 0.2f));
    table.add(2, noise(20, 3, 0.4f, 0.1f)); // brighter and softer
    table.add(1, noise(20, 4, 0.1f, 0.2f));
    table.add(2, noise(20, 5, 0.4f, 0.1f));
    REQUIRE(table.rounds() == 3);
    const auto number = [&](std::int64_t round, std::size_t i) { return table.of(round)[i].second; };
    CHECK(table.of(0)[4].first == "Frechet (means)");
    CHECK(table.of_real()[4].second == Approx(0).margin(1e-6));
    for (const std::size_t colour : {0, 1, 2}) {
        CHECK(number(0, colour) == Approx(0.5).margin(0.01));
        CHECK(number(1, colour) == Approx(0.55).margin(0.01));
        CHECK(number(2, colour) == Approx(0.7).margin(0.01));
    }
    CHECK(number(2, 3) == Approx(number(0, 3) / 2).epsilon(0.05));
    CHECK(number(0, 4) < number(1, 4));
    CHECK(number(1, 4) < number(2, 4));
    CHECK(number(2, 4) == Approx(2 * 12.0 * 12.0).epsilon(0.1)); // 30 pixels, each 0.4 brighter, in both features
    CHECK_THROWS_WITH(table.of(3), Catch::Equals("3 rounds were measured, and 3 is asked for"));
    CHECK_THROWS_WITH(table.add(-1, noise(1, 1, 0, 1)), Catch::Contains("-1 came"));
}
