// walt::recent: what is used stays, what is not goes, and the bound holds.
#include "../catch.hpp"

#include <walt/core/recent.hpp>

#include <string>

using namespace walt;

TEST_CASE("a cache makes a value once, and again when it was the one not used for the longest", "[core]") {
    recent<int, std::string> names(3);
    int made = 0;
    const auto name = [&](int i) -> const std::string& {
        return names.get(i, [&] { return ++made, std::to_string(i); });
    };
    for (const int i : {1, 2, 3, 1, 2, 3}) CHECK(name(i) == std::to_string(i));
    CHECK(made == 3);
    name(1), name(4); // 2 goes
    CHECK(names.size() == 3);
    CHECK(made == 4);
    CHECK(names.find(2) == nullptr);
    name(3), name(1), name(4);
    CHECK(made == 4);
    CHECK(name(2) == "2"); // and 3 goes
    CHECK(made == 5);
    CHECK(names.find(3) == nullptr);
    CHECK(names.size() == 3);
}

TEST_CASE("a cache is as it was after a value that could not be made", "[core]") {
    recent<int, int> squares(2);
    squares.get(2, [] { return 4; });
    squares.get(3, [] { return 9; });
    CHECK_THROWS_AS(squares.get(4, []() -> int { throw error("no"); }), error);
    CHECK(squares.size() == 2);
    CHECK(*squares.find(2) == 4);
    CHECK(*squares.find(3) == 9);
    CHECK(squares.get(4, [] { return 16; }) == 16);
    squares.forget(4);
    CHECK(squares.find(4) == nullptr);
    CHECK(squares.size() == 1);
}

TEST_CASE("a cache of nothing is refused", "[core]") {
    CHECK_THROWS_WITH((recent<int, int>(0)), Catch::Contains("a cache keeps 1 value or more, not 0"));
}
