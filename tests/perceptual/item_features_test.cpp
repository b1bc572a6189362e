// The judge's classifier as a feature network: its gradient, and that it is the judge's network.
#include "../../examples/judge/judge.hpp"
#include "../catch.hpp"

#include <walt/data/read_clips.hpp>
#include <walt/io/weights.hpp>
#include <walt/perceptual/item_features.hpp>
#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/testing/relative_error.hpp>

#include <filesystem>

using namespace walt;

TEST_CASE("the classifier's features have the gradient of finite differences", "[perceptual]") {
    reference::context ctx;
    perceptual_distance distance(ctx, perceptual_network<item_features, false>{}, compute<double>, seed{3});
    const video_size size{1, 2, 6, 5};
    const auto x = size.take<double, 3>(ctx.arena), y = size.take<double, 3>(ctx.arena),
               dx = size.take<double, 3>(ctx.arena);
    const auto value = ctx.arena.take<double, 1>();
    testing::fill_normal(x, 1);
    testing::fill_normal(y, 2);
    distance(x, y, value, dx);
    CHECK(value(0) > 0.01);
    const auto f = [&] {
        distance(x, y, value, none{});
        return value(0);
    };
    CHECK(testing::check_gradient(x, dx, f, 25, 1e-6).worst < 1e-5);
}

TEST_CASE("the classifier's features are the judge's", "[perceptual]") {
    reference::context ctx;
    const std::filesystem::path file = std::filesystem::temp_directory_path() / "walt_item_features.safetensors";
    model<reference::context, judge::item_network, float> trained(ctx, seed{5});
    auto values = trained.host_masters();
    for (const parameter_row& row : trained.table()) // norms that differ from where they start
        if (row.kind == role::norm)
            for (std::size_t i = 0; i < row.size; ++i) values[row.offset + i] += 0.1f * static_cast<float>(i % 5);
    const auto read = [&] {
        return perceptual_distance(ctx, perceptual_network<item_features, false>{}, compute<float>,
                                   judge_weights(file));
    };
    std::vector<float> spoilt = values;
    spoilt[0] = std::numeric_limits<float>::infinity();
    trained.assign(spoilt);
    save_weights<float>(file, trained);
    CHECK_THROWS_WITH(read(), Catch::Contains("first.weight is inf"));
    trained.assign(values);
    save_weights<float>(file, trained);
    const perceptual_distance distance = read();
    std::filesystem::remove(file);

    const video_size size{2, 1, judge::window, judge::window};
    const auto pixels = size.take<float, 3>(ctx.arena);
    const auto seen = size.take<float, 1>(ctx.arena);
    testing::fill_normal(pixels, 1, 0.4);
    for (std::int64_t i = 0; i < seen.size(); ++i)
        seen.data()[i] = static_cast<float>(judge::chroma(pixels.data() + 3 * i));

    const judge::item_network::saved<float> right(ctx.arena, size);
    trained.network().forward(ctx, trained.weights(), seen, right, ctx.arena.take<float, dynamic, 10>(2));
    const item_features::saved<float> mine(ctx.arena, size, activations::none);
    distance.net().network().features.forward(ctx, distance.net().weights(), pixels, mine);
    const auto error = [](const auto& of, const auto& theirs) {
        return testing::relative_error(of.data(), std::vector<float>(theirs.data(), theirs.data() + theirs.size()));
    };
    CHECK(error(mine.tap<0>(), right.first.y) < 1e-6);
    CHECK(error(mine.tap<2>(), right.third.y) < 1e-5);
}

TEST_CASE("the shipped features see how far a picture is softened", "[perceptual]") {
    cpu::context ctx;
    const perceptual_distance distance(ctx, perceptual_network<item_features, false>{}, compute<bf16>,
                                       weights_file("examples/weights/features.safetensors"));
    const moving_fashion pictures({.size = 48, .frames = 2, .pictures = fashion_part::test});
    const clips sharp = read_clips(pictures, seed{1}, 0, 2);
    double last = distance(sharp, sharp);
    CHECK(last < 1e-6);
    clips soft = sharp;
    for (int times = 1; times <= 3; ++times) { // each pixel becomes the mean of itself and its neighbours in the row
        const std::vector<float> before = soft.pixels;
        for (std::size_t i = 3; i + 3 < before.size(); ++i)
            soft.pixels[i] = (before[i - 3] + before[i] + before[i + 3]) / 3;
        const double here = distance(soft, sharp);
        CHECK(here > last + 0.005);
        last = here;
    }
}
