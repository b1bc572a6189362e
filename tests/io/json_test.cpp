// JSON's numbers: written so that they read back as the same.
#include "catch.hpp"

#include <walt/io/json.hpp>

#include <limits>
#include <vector>

TEST_CASE("numbers come back from JSON as they were") {
    for (const double value : {0.0, -2.5, 0.1, 1e300, 5e-324, 3.0}) {
        const walt::json read = walt::json::parse("a number", walt::json_fields()("value", value).text());
        CHECK(read["value"].number() == value);
    }
    const walt::json whole = walt::json::parse("a number", R"({"value":7,"text":"7"})");
    CHECK(whole["value"].number() == 7.0);
    CHECK_FALSE(whole["text"].number().has_value());
    CHECK_FALSE(whole["nothing"].number().has_value());
}

TEST_CASE("a text that would take much memory is refused before it does") {
    const auto quoted = [](std::size_t bytes) { return '"' + std::string(bytes - 2, 'a') + '"'; };
    CHECK(walt::json::parse("a text", quoted(walt::json::longest)).string().size() == walt::json::longest - 2);
    CHECK_THROWS_WITH(walt::json::parse("a text", quoted(walt::json::longest + 1)),
                      "a text is JSON of 16777217 bytes; more than 16777216 are not read");
}

TEST_CASE("what is not finite has no number in JSON") {
    const double none = std::numeric_limits<double>::quiet_NaN();
    CHECK(walt::json_fields()("value", none)("lists", std::vector{1.5, 2.0}).text() ==
          R"({"value":null,"lists":[1.5,2]})");
}
