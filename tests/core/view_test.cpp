// walt::view: extents, indices, slices, other shapes of the same memory.
#include "../catch.hpp"

#include <walt/core/view.hpp>

#include <numeric>
#include <vector>

using namespace walt;

TEST_CASE("extents come from the type where it knows them, else from the arguments in order", "[core]") {
    std::vector<float> memory(2 * 3 * 5 * 7);
    const view<float, dynamic, 3, dynamic, 7> x(memory.data(), 2, 5);
    STATIC_REQUIRE(x.rank == 4);
    STATIC_REQUIRE(x.rank_dynamic == 2);
    STATIC_REQUIRE(x.static_extent(0) == dynamic);
    STATIC_REQUIRE(x.static_extent(1) == 3);
    CHECK(x.extent(0) == 2);
    CHECK(x.extent(1) == 3);
    CHECK(x.extent(2) == 5);
    CHECK(x.extent(3) == 7);
    CHECK(x.size() == 210);
    CHECK(x.data() == memory.data());
}

TEST_CASE("only as many counts as dynamic extents are taken", "[core]") {
    using matrix = view<float, dynamic, 3>;
    STATIC_REQUIRE(std::is_constructible_v<matrix, float*, int>);
    STATIC_REQUIRE(std::is_constructible_v<matrix, float*, std::int64_t>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<matrix, float*>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<matrix, float*, int, int>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<float*, view<float>>);
}

TEST_CASE("elements lie in row-major order", "[core]") {
    std::vector<int> memory(2 * 3 * 5);
    std::iota(memory.begin(), memory.end(), 0);
    const view<int, dynamic, 3, 5> x(memory.data(), 2);
    int expected = 0;
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j)
            for (int k = 0; k < 5; ++k) CHECK(x(i, j, k) == expected++);
    x(1, 2, 3) = -1;
    CHECK(memory[1 * 15 + 2 * 5 + 3] == -1);
}

TEST_CASE("a scalar has rank 0 and one element", "[core]") {
    int value = 6;
    const view<int> x(&value);
    CHECK(x.size() == 1);
    CHECK(x() == 6);
}

TEST_CASE("a view is empty until it has data", "[core]") {
    const view<float, dynamic, 3> nothing;
    CHECK_FALSE(nothing);
    CHECK(nothing.extent(0) == 0);
    CHECK(nothing.extent(1) == 3);
    CHECK(nothing.size() == 0);
    float value = 0;
    CHECK(view<float, 1>(&value));
}

TEST_CASE("read gives the same memory for reading", "[core]") {
    std::vector<float> memory(6);
    const view<float, dynamic, 3> x(memory.data(), 2);
    const auto y = x.read();
    STATIC_REQUIRE(std::is_same_v<decltype(y), const view<const float, dynamic, 3>>);
    CHECK(y.data() == memory.data());
    CHECK(y.extent(0) == 2);
    STATIC_REQUIRE(std::is_same_v<decltype(y.read()), view<const float, dynamic, 3>>);
}

TEST_CASE("the same memory with another shape", "[core]") {
    std::vector<int> memory(2 * 3 * 5);
    std::iota(memory.begin(), memory.end(), 0);
    const view<int, dynamic, 3, 5> x(memory.data(), 2);
    const auto rows = x.as<dynamic, 5>(6);
    CHECK(rows.extent(0) == 6);
    CHECK(rows(4, 2) == x(1, 1, 2));
    CHECK_THROWS_WITH((x.as<dynamic, 5>(7)), "a view of 30 elements cannot be seen as one of 35");
    CHECK_THROWS_AS((x.as<3, 11>()), error);
}

TEST_CASE("a slice of the outermost axis", "[core]") {
    std::vector<int> memory(5 * 3 * 2);
    std::iota(memory.begin(), memory.end(), 0);
    const view<int, dynamic, 3, 2> x(memory.data(), 5);
    const auto part = x.slice(2, 3);
    CHECK(part.extent(0) == 3);
    CHECK(part.size() == 18);
    CHECK(part(0, 0, 0) == x(2, 0, 0));
    CHECK(part(2, 2, 1) == x(4, 2, 1));
    CHECK(x.slice(5, 0).size() == 0);
}

TEST_CASE("a slice without memory stays without memory", "[core]") {
    const view<float, dynamic, 7> counted(nullptr, 5);
    CHECK(counted.slice(2, 3).data() == nullptr);
    CHECK(counted.slice(2, 3).size() == 21);
}

TEST_CASE("shapes are constants where pointers are", "[core]") {
    constexpr view<float, dynamic, 5, 3> x(nullptr, 2);
    STATIC_REQUIRE(x.size() == 30);
    STATIC_REQUIRE(x.slice(1, 1).size() == 15);
}
