// Another grid: the golden tables, what does not change, whole models from models and from files, and what is refused.
#include "catch.hpp"

#include <walt/config/presets.hpp>
#include <walt/reference.hpp>
#include <walt/testing/golden.hpp>
#include <walt/transformer/adapt.hpp>

#include <filesystem>
#include <numeric>

namespace {
using namespace walt;

struct square : denoiser_config {
    static constexpr int frames = 3, height = 4, width = 4, channels = 2, hidden = 8, heads = 2, depth = 3, classes = 2;
    static constexpr window spatiotemporal_window{3, 2, 2};
};
struct wide : square {
    static constexpr int width = 6;
    static constexpr window spatiotemporal_window{3, 2, 3};
};
struct turned : square { // tables as large as before, of other windows
    static constexpr window spatiotemporal_window{3, 4, 1};
};
struct turned_back : square {
    static constexpr window spatiotemporal_window{3, 1, 4};
};
struct longer : square {
    static constexpr int frames = 5;
    static constexpr window spatiotemporal_window{5, 2, 2};
};
struct broader : wide {
    static constexpr int hidden = 16;
};
struct more_heads : wide {
    static constexpr int heads = 4;
};
struct deeper : wide {
    static constexpr int depth = 5;
};
struct shallower : wide {
    static constexpr int depth = 1;
};

template <class T> std::vector<T> numbers(std::size_t count) {
    std::vector<T> made(count);
    for (std::size_t i = 0; i < count; ++i) made[i] = static_cast<T>(std::sin(0.7 * static_cast<double>(i)));
    return made;
}
struct no_weights {
    using storage = inference;
};
/// A model whose every parameter is a number of its own.
template <class Config> auto filled(reference::context& ctx) {
    denoiser model(ctx, Config{}, compute<float>, seed{3});
    for (const parameter_row& row : model.table()) {
        auto values = numbers<float>(row.size);
        for (float& one : values) one += static_cast<float>(row.offset % 97);
        model.set(row, values);
    }
    return model;
}
template <class Model> std::vector<float> values_of(const Model& model, const std::string& name) {
    for (const parameter_row& row : model.table())
        if (row.name == name) {
            std::vector<float> values(row.size);
            model.get(row, values);
            return values;
        }
    return {};
}
} // namespace

TEMPLATE_TEST_CASE("tables on another grid are the golden ones", "[transformer][adapt][golden]", double, float) {
    const testing::golden_file golden(WALT_TEST_DATA "/golden/recipe/grid.safetensors");
    const auto positions = resized_positions(golden.values<TestType>("in.pos_space"), {4, 4}, {4, 7}, 6);
    const auto bias = resized_bias(golden.values<TestType>("in.rel_bias"), {3, 2, 2}, {3, 2, 4});
    REQUIRE(positions.size() == golden.values<double>("out.pos_space").size());
    REQUIRE(bias.size() == golden.values<double>("out.rel_bias").size());
    CHECK(golden.output_error("out.pos_space", positions.data()) < 1e-6);
    CHECK(golden.output_error("out.rel_bias", bias.data()) < 1e-6);
}

TEST_CASE("an equal grid changes nothing, a constant stays one, and offset 0 stays in the middle",
          "[transformer][adapt]") {
    const auto positions = numbers<double>(5 * 3 * 7);
    CHECK(resized_positions(positions, {5, 3}, {5, 3}, 7) == positions);
    const auto bias = numbers<double>(2 * 5 * 3 * 7);
    CHECK(resized_bias(bias, {3, 2, 4}, {3, 2, 4}) == bias);

    const std::vector<double> same(5 * 3 * 2, 0.75), same_bias(2 * 5 * 3 * 7, 0.75);
    for (const double one : resized_positions(same, {5, 3}, {2, 9}, 2)) CHECK(one == 0.75);
    for (const double one : resized_bias(same_bias, {3, 2, 4}, {1, 5, 3})) CHECK(one == 0.75);

    for (const auto to : {std::array{3, 2, 7}, std::array{1, 1, 1}, std::array{4, 3, 2}}) {
        const auto made = resized_bias(bias, {3, 2, 4}, to);
        const std::size_t size = bias.size() / 2, new_size = made.size() / 2;
        for (const std::size_t head : {std::size_t{0}, std::size_t{1}})
            CHECK(made[head * new_size + new_size / 2] == bias[head * size + size / 2]);
    }
    const auto larger = resized_bias(bias, {3, 2, 4}, {3, 2, 9}); // the largest offsets lie at the edges
    CHECK((larger.front() == bias.front() && larger.back() == bias.back()));
    CHECK(resized_axis(std::vector<double>{0, 1}, 2, 4, 1, axis_ends::half_cell) ==
          std::vector<double>{0, 0.25, 0.75, 1});
    CHECK_THROWS_WITH(resized_axis(std::vector<double>(7), 2, 4, 1, axis_ends::half_cell),
                      Catch::Equals("7 numbers are no rows of 2 places of 1 numbers"));
}

TEST_CASE("a model goes on with another grid, from a model and from a file", "[transformer][adapt]") {
    reference::context ctx;
    const auto old = filled<square>(ctx);
    const denoiser made(ctx, wide{}, compute<float>, adapt<square, wide>(old));
    static_assert(std::is_same_v<decltype(made)::storage_type, resident>); // as `old`: it can be trained

    CHECK(values_of(made, "pos_space") == resized_positions(values_of(old, "pos_space"), {4, 4}, {4, 6}, 8));
    CHECK(values_of(made, "blocks.0.attn.rel_bias") ==
          resized_bias(values_of(old, "blocks.0.attn.rel_bias"), {1, 4, 4}, {1, 4, 6}));
    CHECK(values_of(made, "blocks.1.attn.rel_bias") ==
          resized_bias(values_of(old, "blocks.1.attn.rel_bias"), {3, 2, 2}, {3, 2, 3}));
    for (const parameter_row& row : old.table())
        if (row.kind != role::table || row.name == "pos_time")
            CHECK(values_of(made, row.name) == values_of(old, row.name));

    const auto path = std::filesystem::temp_directory_path() / "walt_adapt_test.safetensors";
    save_weights<float>(path, old);
    const denoiser from_file(ctx, wide{}, compute<float>, adapt<square, wide>(weights_file(path)));
    static_assert(std::is_same_v<decltype(from_file)::storage_type, inference>);
    denoiser trained(ctx, wide{}, compute<float>, seed{1});
    adapt<square, wide>(weights_file(path)).fill(trained);
    for (const parameter_row& row : made.table()) {
        CHECK(values_of(from_file, row.name) == values_of(made, row.name));
        CHECK(values_of(trained, row.name) == values_of(made, row.name));
    }
    CHECK_THROWS_WITH((adapt<wide, square>(weights_file(path))),
                      Catch::Contains("holds another model: ") && Catch::Contains("width"));
    std::filesystem::remove(path);

    const denoiser equal(ctx, square{}, compute<float>, adapt<square, square>(old));
    CHECK(equal.host_masters() == old.host_masters());
}

TEST_CASE("tables of one size with other windows are resized, and time too", "[transformer][adapt]") {
    reference::context ctx;
    const auto old = filled<turned>(ctx);
    const denoiser made(ctx, turned_back{}, compute<float>, adapt<turned, turned_back>(old));
    const auto before = values_of(old, "blocks.1.attn.rel_bias"), behind = values_of(made, "blocks.1.attn.rel_bias");
    CHECK(before.size() == behind.size());
    CHECK(before != behind);
    CHECK(behind == resized_bias(before, {3, 4, 1}, {3, 1, 4}));

    const auto brief = filled<square>(ctx);
    const denoiser lasting(ctx, longer{}, compute<float>, adapt<square, longer>(brief));
    CHECK(values_of(lasting, "pos_time") == resized_axis(values_of(brief, "pos_time"), 3, 5, 8, axis_ends::half_cell));
    CHECK(values_of(lasting, "pos_space") == values_of(brief, "pos_space"));
}

TEST_CASE("what is no table of places is refused by name with both shapes", "[transformer][adapt]") {
    reference::context ctx;
    const auto old = filled<square>(ctx);
    CHECK_THROWS_WITH(
        (adapt<square, broader>(old)),
        Catch::Equals("adapt: patch_embed.weight has shape [8, 4] in the old model and [16, 4] in the new "
                      "one; only places in tables of positions and of relative bias are resized"));
    CHECK_THROWS_WITH(
        (adapt<square, more_heads>(old)),
        Catch::Contains("adapt: blocks.0.attn.q_norm.weight has shape [4] in the old model and [2] in the new"));
    CHECK_THROWS_WITH((adapt<square, deeper>(old)), Catch::Contains("adapt: the new model has blocks.3.") &&
                                                        Catch::Contains("the old one has no such tensor"));
    CHECK_THROWS_WITH((adapt<square, shallower>(old)), Catch::Contains("adapt: the old model has blocks.1.") &&
                                                           Catch::Contains("the new one has no such tensor"));
}

TEST_CASE("the paper's base goes on in 9:16", "[transformer][adapt]") {
    CHECK_NOTHROW(adapted<presets::cascade_base, presets::cascade_base_wide, no_weights>(no_weights{}));
    CHECK_THROWS_WITH((adapted<presets::cascade_base, presets::text_to_video_l, no_weights>(no_weights{})),
                      Catch::Contains("patch_embed.weight has shape [1792, 16] in the old model and [1024, 16]"));
}
