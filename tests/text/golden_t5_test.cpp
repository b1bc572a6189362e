// T5's encoder against its golden file on every host device, and its buckets.
#include "golden_t5.hpp"

#include <walt/cpu.hpp>
#include <walt/meta.hpp>

using namespace walt;
using namespace walt::testing::golden_t5;

TEST_CASE("t5's encoder equals its golden file", "[text][golden]") {
    reference::context plain;
    cpu::context fast;
    SECTION("reference, double") { check<double>(plain, in_double); }
    SECTION("reference, float") { check<float>(plain, in_float); }
    SECTION("cpu, float") { check<float>(fast, in_float); }
    SECTION("cpu, bf16") { check<bf16>(fast, in_bf16); }
}

TEST_CASE("t5's distances fall into their buckets", "[text]") {
    // Distances that lie on a boundary too.
    const std::vector<std::pair<int, int>> right{{0, 0},     {-1, 1},    {1, 17},    {-7, 7},  {7, 23},  {-8, 8},
                                                 {8, 24},    {11, 24},   {12, 25},   {16, 26}, {23, 27}, {32, 28},
                                                 {-32, 12},  {64, 30},   {-64, 14},  {90, 30}, {91, 31}, {128, 31},
                                                 {-128, 15}, {5000, 31}, {-5000, 15}};
    for (const auto& [offset, bucket] : right) {
        CAPTURE(offset);
        CHECK(t5_bucket(offset, 32, 128) == bucket);
    }
}

TEST_CASE("the presets of t5 have the sizes of their checkpoints", "[text]") {
    // Encoder and embedding, as counted from the published shapes.
    CHECK(parameter_count<t5<presets::t5_v1_1_small>> == 35'332'800);
    CHECK(parameter_count<t5<presets::t5_v1_1_xl>> == 1'223'527'424);
    CHECK(parameter_count<t5<presets::t5_v1_1_xxl>> == 4'762'310'656);
}
