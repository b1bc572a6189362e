#include "../catch.hpp"

#include <walt/core/philox.hpp>
#include <walt/data/frame_intervals.hpp>

#include <set>

TEST_CASE("two intervals are one where they share a frame, and only there") {
    walt::detail::frame_intervals known;
    CHECK_FALSE(known.cover(0, 1));
    known.add(10, 14);
    CHECK((known.cover(10, 14) && known.cover(11, 13)));
    CHECK_FALSE((known.cover(9, 11) || known.cover(13, 15) || known.cover(14, 15)));
    known.add(14, 18);
    known.add(6, 10);
    CHECK((known.cover(6, 10) && known.cover(14, 18)));
    CHECK_FALSE((known.cover(13, 15) || known.cover(9, 11)));
    known.add(13, 15);
    CHECK(known.cover(10, 18));
    CHECK_FALSE(known.cover(9, 11));
    known.add(0, 40);
    CHECK(known.cover(0, 40));
}

TEST_CASE("steps from one frame to the next that were made are known, and no others") {
    const walt::philox numbers{7, 7};
    for (std::uint64_t round = 0; round < 50; ++round) {
        walt::detail::frame_intervals known;
        std::set<std::int64_t> steps; // f: from f to f + 1
        for (std::uint64_t n = 0; n < 8; ++n) {
            const std::int64_t first = numbers.below(100 * round + 2 * n, 30),
                               end = first + 2 + numbers.below(100 * round + 2 * n + 1, 5);
            known.add(first, end);
            for (std::int64_t f = first; f + 1 < end; ++f) steps.insert(f);
            for (std::int64_t from = 0; from < 36; ++from)
                for (std::int64_t to = from + 2; to < 40; ++to) {
                    bool all = true;
                    for (std::int64_t f = from; f + 1 < to; ++f) all = all && steps.contains(f);
                    REQUIRE(known.cover(from, to) == all);
                }
        }
    }
}
