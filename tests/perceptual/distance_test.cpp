// The perceptual distance: finite differences through all of it, what it says of equal videos, frozen weights,
// messages.
#include "../catch.hpp"
#include "small_networks.hpp"

#include <walt/cpu.hpp>
#include <walt/meta.hpp>
#include <walt/perceptual/distance.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;
using namespace small_networks;

namespace {
constexpr video_size size{2, 2, 8, 9};

/// Starting values with heads and biases that differ.
template <class Distance> void stir(Distance& distance) {
    auto values = distance.net().host_masters();
    for (const parameter_row& row : distance.net().table())
        if (row.exact)
            for (std::size_t i = 0; i < row.size; ++i)
                values[row.offset + i] += 0.3 * std::sin(static_cast<double>(row.offset + 3 * i));
    distance.net().assign(values);
}

template <class Network> void check() {
    reference::context ctx;
    perceptual_distance distance(ctx, Network{}, compute<double>, seed{3});
    stir(distance);
    const auto x = size.take<double, 3>(ctx.arena), y = size.take<double, 3>(ctx.arena),
               dx = size.take<double, 3>(ctx.arena);
    const auto value = ctx.arena.take<double, 1>();
    testing::fill_normal(x, 1);
    testing::fill_normal(y, 2);
    const std::vector<double> before = distance.net().host_masters();
    distance(x, y, value, dx);
    CHECK(value(0) > 0.01);
    CHECK(distance.net().host_masters() == before);
    const auto f = [&] {
        distance(x, y, value, none{});
        return value(0);
    };
    CHECK(testing::check_gradient(x, dx, f, 150, 1e-6).worst < 1e-5);

    distance(x, x, value, dx);
    CHECK(value(0) < 1e-25); // 0 but for rounding
    CHECK(std::all_of(dx.data(), dx.data() + dx.size(), [](double d) { return std::abs(d) < 1e-15; }));
}
} // namespace

TEST_CASE("the perceptual distance's gradient is that of finite differences", "[perceptual]") {
    check<perceptual_network<vgg<small>>>();
    check<perceptual_network<vgg<small>, false>>();
    check<perceptual_network<vgg<shift_tolerant>>>();
    check<perceptual_network<alex>>();
}

TEST_CASE("the distance of clips is the mean over their frames", "[perceptual]") {
    cpu::context ctx;
    perceptual_distance distance(ctx, perceptual_network<vgg<small>>{}, compute<float>, seed{3});
    clips x, y;
    x.shape = y.shape = {2, 2, 8, 9, 3};
    x.pixels.resize(static_cast<std::size_t>(x.shape.size()));
    y.pixels = x.pixels;
    testing::fill_normal(x.pixels, 1, 0.5);
    testing::fill_normal(y.pixels, 2, 0.5);
    x.is_image = y.is_image = {0, 0};
    const double both = distance(x, y);
    double sum = 0;
    for (std::int64_t n = 0; n < 2; ++n)
        for (std::int64_t f = 0; f < 2; ++f) {
            const auto one = [&](const clips& of) {
                clips frame;
                frame.shape = {1, 1, 8, 9, 3};
                frame.is_image = {0};
                const auto first = of.pixels.begin() + (n * 2 + f) * of.shape.frame();
                frame.pixels.assign(first, first + of.shape.frame());
                return frame;
            };
            sum += distance(one(x), one(y));
        }
    CHECK(both == Approx(sum / 4).epsilon(1e-5));
    y.shape = {1, 4, 8, 9, 3};
    y.is_image = {0};
    CHECK_THROWS_WITH(distance(x, y), Catch::Matchers::Contains("2 clips of 2 x 8 x 9 x 3"));
}

TEST_CASE("a feature network says what it was not told to keep", "[perceptual]") {
    reference::context ctx;
    using network = vgg<small>;
    const model<reference::context, network, float> net(ctx, seed{1});
    const auto x = size.take<float, 3>(ctx.arena);
    testing::fill_normal(x, 1);
    const network::saved<float> keep(ctx.arena, size, activations::none);
    net.network().forward(ctx, net.weights(), x, keep);
    const auto dtaps = std::make_tuple(keep.tap<0>(), keep.tap<1>(), keep.tap<2>());
    CHECK_THROWS_WITH(net.network().backward(ctx, net.weights(), x, keep, dtaps, x),
                      Catch::Matchers::Contains("activations::none"));
}

TEST_CASE("VGG16 has its parameters and its names", "[perceptual]") {
    using network = perceptual_network<vgg<vgg16>>;
    CHECK(parameter_count<network> == 14714688 + 64 + 128 + 256 + 512 + 512);
    const auto& table = parameter_table<network>();
    const auto has = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
        return std::any_of(table.begin(), table.end(),
                           [&](const auto& row) { return row.name == name && row.shape == shape; });
    };
    CHECK(has("features.0.0.weight", {64, 3, 3, 3}));
    CHECK(has("features.2.2.bias", {256}));
    CHECK(has("features.4.2.weight", {512, 512, 3, 3}));
    CHECK(has("lin.4.weight", {512}));

    CHECK(parameter_count<perceptual_network<vgg<st_vgg16>>> == parameter_count<network>);
    CHECK(parameter_count<perceptual_network<st_alexnet>> == 2469696 + 64 + 192 + 384 + 256 + 256);

    meta::context ctx; // one frame of 224 x 224, forward for both and back
    perceptual_distance distance(ctx, network{}, compute<bf16>, seed{1});
    const video_size frame{1, 1, 224, 224};
    const auto x = frame.take<float, 3>(ctx.arena);
    distance(x, x, ctx.arena.take<float, 1>(), x);
    CHECK(ctx.flops == Approx(3 * 30.69e9).epsilon(0.001)); // 15.35 G multiplications and additions a pass
}
