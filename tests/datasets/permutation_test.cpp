#include "../catch.hpp"

#include <walt/data/permutation.hpp>

#include <algorithm>
#include <vector>

TEST_CASE("a permutation takes every value once, for every size") {
    for (const std::int64_t size : {1, 2, 3, 4, 5, 16, 17, 100, 1000, 4097}) {
        const walt::permutation order(size, 11, 3);
        std::vector<int> seen(static_cast<std::size_t>(size));
        for (std::int64_t i = 0; i < size; ++i) {
            REQUIRE(order(i) >= 0);
            REQUIRE(order(i) < size);
            ++seen[static_cast<std::size_t>(order(i))];
        }
        CHECK(std::all_of(seen.begin(), seen.end(), [](int count) { return count == 1; }));
    }
}

TEST_CASE("a permutation mixes: few values stay, neighbours part, seeds and streams differ") {
    const std::int64_t size = 3000;
    const walt::permutation order(size, 1, 1), seed(size, 2, 1), stream(size, 1, 2);
    int fixed = 0, neighbours = 0, same = 0;
    for (std::int64_t i = 0; i < size; ++i) {
        fixed += order(i) == i;
        neighbours += i > 0 && std::abs(order(i) - order(i - 1)) == 1;
        same += (order(i) == seed(i)) + (order(i) == stream(i));
    }
    CHECK(fixed < 10); // one, one and two on average
    CHECK(neighbours < 12);
    CHECK(same < 14);
}

TEST_CASE("a permutation of a huge set stays inside of it; an empty or larger one is refused") {
    const std::int64_t size = (std::int64_t{1} << 40) + 12345;
    const walt::permutation order(size, 4, 5);
    for (std::int64_t i = 0; i < 100; ++i) {
        CHECK(order(size - 1 - i) >= 0);
        CHECK(order(size - 1 - i) < size);
    }
    CHECK_THROWS_AS(walt::permutation(0, 1, 1), walt::error);
    CHECK_THROWS_AS(walt::permutation((std::int64_t{1} << 62) + 1, 1, 1), walt::error);
}
