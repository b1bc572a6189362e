// The text networks against their golden files on every host device; T5's buckets, and what the presets have.
#include "golden_network.hpp"

#include <walt/cpu.hpp>
#include <walt/meta.hpp>

using namespace walt;
using namespace walt::testing::golden_network;

TEMPLATE_TEST_CASE("a text network equals its golden file", "[text][golden]", t5<t5_small>, bert<bert_small>) {
    reference::context plain;
    cpu::context fast;
    SECTION("reference, double") { check<TestType, double>(plain, in_double); }
    SECTION("reference, float") { check<TestType, float>(plain, in_float); }
    SECTION("cpu, float") { check<TestType, float>(fast, in_float); }
    SECTION("cpu, bf16") { check<TestType, bf16>(fast, in_bf16); }
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

TEST_CASE("the presets of text networks have the sizes of their checkpoints", "[text]") {
    // Encoder and embedding, as counted from the published shapes.
    CHECK(parameter_count<t5<presets::t5_v1_1_small>> == 35'332'800);
    CHECK(parameter_count<t5<presets::t5_v1_1_xl>> == 1'223'527'424);
    CHECK(parameter_count<t5<presets::t5_v1_1_xxl>> == 4'762'310'656);
    CHECK(parameter_count<bert<presets::minilm_l6>> == 22'565'376);
}

TEST_CASE("meta counts what a text network costs", "[text][meta]") {
    meta::context ctx;
    const model<meta::context, t5<presets::t5_v1_1_xl>, bf16> network(ctx);
    const arena::scope scope(ctx.arena);
    const auto y = ctx.arena.take<float, dynamic, presets::t5_v1_1_xl::width>(2 * 64);
    network.network().forward(ctx, network.weights(), view<const std::int32_t, dynamic>(nullptr, 2 * 64),
                              view<const std::uint8_t, dynamic, dynamic>(nullptr, 2, 64), y);
    // A multiplication and an addition for each weight of a linear map and token, and the products of attention.
    const double maps = 24.0 * 2048 * (4 * 2048 + 3 * 5120), attention = 24.0 * 2 * 64 * 2048;
    CHECK(ctx.flops == Approx(2 * 128 * (maps + attention)));
}
