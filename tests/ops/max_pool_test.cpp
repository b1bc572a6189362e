// The largest element under a window: known values, finite differences, the CPU against the reference.
#include "against_reference.hpp"

#include <walt/ops/cpu/max_pool.hpp>
#include <walt/ops/meta/max_pool.hpp>

using namespace walt;

namespace {
constexpr conv_geometry halving = conv_geometry::each_frame(2, 2, 0), overlapping = conv_geometry::each_frame(3, 1, 0),
                        padded{{3, 2, 1, 1}, {3, 2, 0, 1}, {2, 1, 1, 0}};
}

TEST_CASE("a window's largest element is found, and the first of equals gets the gradient", "[ops][max_pool]") {
    reference::context ctx;
    const auto x = video_size{1, 1, 3, 5}.take<double, 1>(ctx.arena),
               dx = video_size{1, 1, 3, 5}.take<double, 1>(ctx.arena);
    const auto y = video_size{1, 1, 1, 2}.take<double, 1>(ctx.arena),
               dy = video_size{1, 1, 1, 2}.take<double, 1>(ctx.arena);
    const std::vector<double> image{1, 7, -3, -2, 9,  //
                                    7, 2, -2, -4, 9,  //
                                    9, 9, 9,  9,  9}; // the last row and column are in no window
    std::copy(image.begin(), image.end(), x.data());
    ops::max_pool(ctx, halving, x, y);
    CHECK(doubles(y) == std::vector<double>{7, -2});
    dy.data()[0] = 3, dy.data()[1] = 5;
    ops::max_pool_grad(ctx, halving, x, y, dy, dx);
    CHECK(doubles(dx) == std::vector<double>{0, 3, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});

    x.data()[0] = std::numeric_limits<double>::quiet_NaN(); // is not hidden by larger neighbours
    ops::max_pool(ctx, halving, x, y);
    CHECK(std::isnan(y.data()[0]));
    CHECK_THROWS_WITH(ops::max_pool(ctx, conv_geometry::each_frame(2, 1, 2), x, y),
                      Catch::Matchers::Contains("padding is less than the kernel"));
}

TEST_CASE("windows' gradients are those of finite differences", "[ops][max_pool]") {
    const auto g = GENERATE(halving, overlapping, padded);
    reference::context ctx;
    const video_size size{2, 3, 6, 5};
    const auto x = size.take<double, 3>(ctx.arena), dx = size.take<double, 3>(ctx.arena);
    const auto y = g.after(size).take<double, 3>(ctx.arena), dy = normals(g.after(size).take<double, 3>(ctx.arena), 2);
    testing::fill_normal(x, 1); // no equals
    const auto f = [&] {
        ops::max_pool(ctx, g, x, y);
        return testing::inner_product(y, dy);
    };
    f();
    ops::max_pool_grad(ctx, g, x, y, dy, dx);
    CHECK(testing::check_gradient(x, dx, f, 0, 1e-6).worst < 1e-6);
}

TEST_CASE("the cpu's windows are the reference's", "[ops][max_pool]") {
    const auto g = GENERATE(halving, overlapping, padded);
    agrees_with_reference(
        [&](auto& ctx, auto type) {
            using T = decltype(type);
            const video_size size{2, 3, 12, 10};
            const auto x = normals(size.take<T, 20>(ctx.arena), 1), dx = size.take<T, 20>(ctx.arena);
            const auto y = g.after(size).template take<T, 20>(ctx.arena),
                       dy = normals(g.after(size).template take<T, 20>(ctx.arena), 2);
            for (std::int64_t i = 0; i < x.size(); i += 3) x.data()[i] = T(0.0f); // equals
            ops::max_pool(ctx, g, x, y);
            ops::max_pool_grad(ctx, g, x, y, dy, dx);
            return std::vector{doubles(y), doubles(dx)};
        },
        1e-6, 4e-3);
}

TEST_CASE("meta counts windows", "[ops][max_pool]") {
    meta::context ctx;
    const auto x = video_size{1, 2, 4, 6}.take<float, 5>(ctx.arena);
    const auto y = video_size{1, 2, 2, 3}.take<float, 5>(ctx.arena);
    ops::max_pool(ctx, halving, x, y);
    CHECK(ctx.bytes == 4 * 5 * (48 + 12));
    ops::max_pool_grad(ctx, halving, x, y, y, x);
    CHECK(ctx.bytes == 4 * 5 * (3 * 48 + 3 * 12));
}
