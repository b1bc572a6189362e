// Samples that throw are skipped, counted, and replaced evenly.
#include "../catch.hpp"

#include <walt/data/batches.hpp>
#include <walt/data/skipping.hpp>

#include <map>
#include <new>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace {
/// Clip i has the label i, modulo a million; the last `bad` of them throw, each something else.
struct frail {
    std::int64_t good = 10, bad = 10;
    std::int64_t size() const { return good + bad; }
    int frames() const { return 2; }
    int height() const { return 1; }
    int width() const { return 1; }
    int classes() const { return static_cast<int>(std::min<std::int64_t>(size(), 1'000'000)); }
    void read(walt::seed, std::int64_t index, walt::clip& out) const {
        out.label = static_cast<std::int32_t>(index % 1'000'000);
        out.caption = "half of a sample";
        if (index >= good && index % 3 == 0) throw std::bad_alloc();
        if (index >= good && index % 3 == 1) throw std::runtime_error("the network drive is gone");
        if (index >= good) throw 7;
        out.caption = "whole";
    }
};
/// While one lives, nothing is heard of what is written to stderr.
struct quiet_stderr {
    int saved = ::dup(2);
    quiet_stderr() {
        const int nowhere = ::open("/dev/null", O_WRONLY);
        ::dup2(nowhere, 2);
        ::close(nowhere);
    }
    ~quiet_stderr() {
        ::dup2(saved, 2);
        ::close(saved);
    }
};
static_assert(walt::dataset<walt::skipping<frail>> && !walt::frame_dataset<walt::skipping<frail>>);
} // namespace

TEST_CASE("whatever a sample throws it is skipped, and those that replace it come evenly") {
    const walt::skipping data(frail{});
    const walt::batches source(data, {.batch = 20});
    std::map<std::int32_t, int> times;
    for (int n = 0; n < 50; ++n) {
        const walt::clips batch = source(n);
        CHECK(batch == source(n)); // as well when it is known what is bad
        for (std::size_t b = 0; b < 20; ++b) {
            CHECK(batch.captions[b][0] == "whole");
            ++times[batch.labels[2 * b]];
        }
    }
    CHECK(data.skipped() == 10);
    REQUIRE(times.size() == 10);
    for (const auto& [label, number] : times) CHECK((number > 70 && number < 130)); // fair: 100
}

TEST_CASE("a dataset of which no sample can be had says so in a sentence") {
    const walt::skipping none(frail{0, 4});
    CHECK_THROWS_WITH(walt::clip_at(none, {}, 1), Catch::Contains("of the 4 samples of a dataset 4 were tried"));
    CHECK(none.skipped() == 4);
    CHECK_THROWS_WITH(walt::clip_at(none, {}, 2), Catch::Contains("were tried") && !Catch::EndsWith(": "));
}

TEST_CASE("a generated dataset that always throws comes to an end") {
    const walt::skipping none(frail{0, std::int64_t{1} << 40});
    const quiet_stderr ten_thousand_lines;
    CHECK_THROWS_WITH(walt::clip_at(none, {}, 1),
                      Catch::Contains("of the 1099511627776 samples") && Catch::Contains(" 10000 were tried"));
    CHECK((none.skipped() > 9'900 && none.skipped() <= 10'001));
}
