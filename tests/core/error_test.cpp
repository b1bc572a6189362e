// walt::error and the sentences in it.
#include "../catch.hpp"

#include <walt/core/error.hpp>

using namespace walt;

TEST_CASE("a sentence joins its parts", "[core]") {
    CHECK(fmt::format("frame {} of {}.", 3, std::string("clip")) == "frame 3 of clip.");
    CHECK(fmt::format("{} {} {}", std::string_view("view"), true, false) == "view true false");
}

TEST_CASE("numbers are printed in decimal", "[core]") {
    CHECK(fmt::format("{} {} {} {}", -7, 7u, std::int64_t{-9'000'000'000}, std::uint8_t{200}) ==
          "-7 7 -9000000000 200");
    CHECK(fmt::format("{} {} {} {}", 0.1f, 1e-9, 123456.0, 2.5L) == "0.1 1e-09 123456 2.5");
}

TEST_CASE("a failure throws the sentence", "[core]") {
    CHECK_THROWS_WITH(fail("weights.bin has {} bytes", 12), "weights.bin has 12 bytes");
    CHECK_THROWS_WITH(fail("{{{}}} of {}{}", "a word", std::string("text"), 0.1f), "{a word} of text0.1");
    const char* pointed = "pointed at";
    const char room[16] = "shorter";
    CHECK_THROWS_WITH(fail("{} {} {} {}", pointed, room, true, std::string_view("view")),
                      "pointed at shorter true view");
    CHECK_THROWS_AS(fail("anything"), error);
    CHECK_THROWS_AS(fail("anything"), std::runtime_error);
}

TEST_CASE("a requirement throws only when it does not hold", "[core]") {
    CHECK_NOTHROW(require(true, "never seen"));
    CHECK_THROWS_WITH(require(false, "--steps must be positive, and is {}", -2), "--steps must be positive, and is -2");
}
