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

TEST_CASE("pooled features are the last tap's mean over each frame", "[perceptual]") {
    const auto check = [](auto&& ctx, auto type, double tolerance) {
        using T = decltype(type);
        perceptual_distance distance(ctx, perceptual_network<alex>{}, compute<T>, seed{3});
        using A = accumulate_t<T>;
        clips x{.shape = {3, 2, 16, 17, 3}};
        x.pixels.resize(static_cast<std::size_t>(x.shape.size()));
        testing::fill_normal(x.pixels, 4, 0.5);
        const auto rows = distance.pooled(x);
        constexpr int width = distance.pooled_features;
        REQUIRE(rows.size() == 3 * 2 * width);

        // All clips at once, a channel at a time.
        const auto& network = distance.net().network().features;
        const video_size size{3, 2, 16, 17};
        const auto seen = size.template take<A, 3>(ctx.arena);
        for (std::int64_t i = 0; i < seen.size(); ++i)
            seen.data()[i] = static_cast<A>((static_cast<double>(x.pixels[static_cast<std::size_t>(i)]) -
                                             static_cast<double>(alex::shift[static_cast<std::size_t>(i % 3)])) /
                                            static_cast<double>(alex::scale[static_cast<std::size_t>(i % 3)]));
        const alex::saved<T> keep(ctx.arena, size, activations::none);
        network.forward(ctx, distance.net().weights(), seen, keep);
        const auto tap = keep.template tap<alex::taps - 1>();
        for (int b = 0; b < 3; ++b)
            for (int f = 0; f < 2; ++f)
                for (int c = 0; c < width; ++c) {
                    double sum = 0;
                    for (int h = 0; h < tap.extent(2); ++h)
                        for (int w = 0; w < tap.extent(3); ++w)
                            sum += static_cast<double>(static_cast<A>(tap(b, f, h, w, c)));
                    REQUIRE(rows[static_cast<std::size_t>((b * 2 + f) * width + c)] ==
                            Approx(sum / static_cast<double>(tap.extent(2) * tap.extent(3))).margin(tolerance));
                }
        x.shape.channels = 1;
        x.pixels.resize(static_cast<std::size_t>(x.shape.size()));
        CHECK_THROWS_WITH(distance.pooled(x), Catch::Contains("1 channels came; this network sees 3"));
    };
    check(reference::context(), double{}, 1e-12);
    check(cpu::context(), bf16{}, 1e-6);
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

namespace {
struct one_way : vgg<small> {
    void backward() const;
};
struct no_way : vgg<small> {
    void forward() const;
};
} // namespace
static_assert(feature_network<vgg<small>> && !feature_network<one_way> && !feature_network<no_way>);

TEST_CASE("a frame that is too small for a network is refused", "[perceptual]") {
    meta::context ctx;
    const auto least = [&](auto network) {
        const perceptual_distance distance(ctx, network, compute<float>, seed{1});
        for (int side = 32; side > 0; --side) {
            const auto x = video_size{1, 1, 40, side}.take<float, 3>(ctx.arena);
            try {
                distance(x, x, ctx.arena.take<float, 1>(), none{});
            } catch (const error& e) {
                CHECK_THAT(e.what(), Catch::Matchers::Contains("ops::"));
                return side + 1;
            }
        }
        return 1;
    };
    CHECK(least(perceptual_network<vgg<vgg16>>{}) == 16); // halved four times
    CHECK(least(perceptual_network<vgg<small>>{}) == 4);
    CHECK(least(perceptual_network<st_alexnet>{}) == 21);
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
