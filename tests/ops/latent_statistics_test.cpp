// Statistics of latent frames: closed form, gradient, and normalisation with its inverse.
#include "../catch.hpp"

#include <walt/ops/meta/latent_statistics.hpp>
#include <walt/ops/reference/latent_statistics.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;

TEST_CASE("latent statistics of a frame", "[ops][latent_statistics]") {
    reference::context ctx;
    const video_size size{1, 2, 2, 3};
    const auto z = size.take<double, 2>(ctx.arena);
    const auto mean = ctx.arena.take<double, dynamic, 2>(2), deviation = ctx.arena.take<double, dynamic, 2>(2);
    for (int i = 0; i < 24; ++i) z.data()[i] = i % 2 == 0 ? i / 2 : 5; // channel 0 counts, channel 1 is constant
    ops::latent_statistics(ctx, z, mean, deviation);
    CHECK(mean(0, 0) == Approx(2.5));
    CHECK(mean(1, 0) == Approx(8.5));
    CHECK(deviation(1, 0) == Approx(std::sqrt(35.0 / 12 + 1e-6))); // of 0..5, divided by 6
    CHECK(mean(1, 1) == 5);
    CHECK(deviation(0, 1) == Approx(1e-3));
}

TEST_CASE("latent statistics' gradient is that of finite differences", "[ops][latent_statistics]") {
    reference::context ctx;
    const video_size size{2, 3, 4, 5};
    const auto z = size.take<double, 3>(ctx.arena), dz = size.take<double, 3>(ctx.arena);
    const auto take = [&] { return ctx.arena.take<double, dynamic, 3>(6); };
    const auto mean = take(), deviation = take(), dmean = take(), ddeviation = take();
    testing::fill_normal(z, 1);
    testing::fill_normal(dmean, 2);
    testing::fill_normal(ddeviation, 3);
    std::fill_n(dz.data(), dz.size(), 0.0);
    const auto f = [&] {
        ops::latent_statistics(ctx, z, mean, deviation);
        return testing::inner_product(mean, dmean) + testing::inner_product(deviation, ddeviation);
    };
    f();
    ops::latent_statistics_grad(ctx, z, mean, deviation, dmean, ddeviation, dz);
    CHECK(testing::check_gradient(z, dz, f).worst < 1e-6);
}

TEST_CASE("a latent is normalised by channel, and back", "[ops][latent_statistics]") {
    reference::context ctx;
    const video_size size{2, 3, 4, 5};
    const auto z = size.take<float, 2>(ctx.arena), y = size.take<float, 2>(ctx.arena);
    const auto mean = ctx.arena.take<float, 2>(), deviation = ctx.arena.take<float, 2>();
    mean(0) = 1, mean(1) = -2, deviation(0) = 2, deviation(1) = 0.5f;
    testing::fill_normal(z, 1);
    ops::normalise(ctx, z, mean, deviation, y);
    CHECK(y(1, 2, 3, 4, 0) == (z(1, 2, 3, 4, 0) - 1) / 2);
    CHECK(y(1, 2, 3, 4, 1) == (z(1, 2, 3, 4, 1) + 2) * 2);
    ops::denormalise(ctx, y, mean, deviation, y);
    for (std::int64_t i = 0; i < z.size(); ++i) REQUIRE(y.data()[i] == Approx(z.data()[i]).margin(1e-6));
}
