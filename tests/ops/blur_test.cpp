// Blur and halve: by its definition, the gradient as its adjoint, on every host device.
#include "against_reference.hpp"

#include <walt/ops/cpu/blur.hpp>
#include <walt/ops/meta/blur.hpp>
#include <walt/testing/gradient_check.hpp>

#include <algorithm>

using namespace walt;

namespace {

/// [1, 2, 1] / 4 at every other element along one axis of x [outer, n, inner], edges repeated.
std::vector<double> along(const std::vector<double>& x, std::int64_t outer, std::int64_t n, std::int64_t inner) {
    const std::int64_t places = (n + 1) / 2;
    std::vector<double> y(static_cast<std::size_t>(outer * places * inner));
    for (std::int64_t o = 0; o < outer; ++o)
        for (std::int64_t i = 0; i < places; ++i)
            for (std::int64_t c = 0; c < inner; ++c) {
                const auto at = [&](std::int64_t j) {
                    return x[static_cast<std::size_t>((o * n + std::clamp<std::int64_t>(j, 0, n - 1)) * inner + c)];
                };
                y[static_cast<std::size_t>((o * places + i) * inner + c)] =
                    (at(2 * i - 1) + 2 * at(2 * i) + at(2 * i + 1)) / 4;
            }
    return y;
}

video_size half(const video_size& of) { return blur_axes(of).after(of); }

} // namespace

TEST_CASE("the blur is one axis after another", "[ops][blur]") {
    reference::context ctx;
    for (const video_size size : {video_size{2, 5, 6, 7}, {1, 1, 3, 2}, {3, 2, 1, 1}, {1, 17, 4, 1}}) {
        const auto x = size.take<double, 3>(ctx.arena), y = half(size).take<double, 3>(ctx.arena);
        testing::fill_normal(x, 1);
        ops::blur(ctx, x, y);
        std::vector<double> right(x.data(), x.data() + x.size());
        right = along(right, size.batch, size.frames, size.height * size.width * 3);
        right = along(right, size.batch * half(size).frames, size.height, size.width * 3);
        right = along(right, size.batch * half(size).frames * half(size).height, size.width, 3);
        REQUIRE(right.size() == static_cast<std::size_t>(y.size()));
        CHECK(testing::relative_error(y.data(), right) < 1e-15);
    }
}

TEST_CASE("its gradient is its adjoint", "[ops][blur]") {
    reference::context ctx;
    for (const video_size size : {video_size{2, 5, 6, 7}, {1, 1, 3, 2}, {3, 2, 1, 1}}) {
        const auto x = size.take<double, 3>(ctx.arena), dx = size.take<double, 3>(ctx.arena),
                   y = half(size).take<double, 3>(ctx.arena), dy = half(size).take<double, 3>(ctx.arena);
        testing::fill_normal(x, 1);
        testing::fill_normal(dy, 2);
        ops::blur_grad(ctx, dy, dx);
        const auto f = [&] {
            ops::blur(ctx, x, y);
            return testing::inner_product(y, dy);
        };
        CHECK(f() == Approx(testing::inner_product(x, dx)).epsilon(1e-13));
        CHECK(testing::check_gradient(x, dx, f, 0, 1e-2).worst < 1e-9);
    }
}

TEST_CASE("a geometry's blur reflects, and has the kernel of its extents", "[ops][blur]") {
    reference::context ctx;
    const auto blurred = [&](const conv_axis& axis, std::vector<double> row) {
        const auto x = video_size{1, 1, 1, static_cast<std::int64_t>(row.size())}.take<double, 1>(ctx.arena);
        std::copy(row.begin(), row.end(), x.data());
        const conv_geometry g{{}, {}, axis};
        const auto y = g.after(size_of(x)).take<double, 1>(ctx.arena);
        ops::blur(ctx, g, x, y);
        return doubles(y);
    };
    const std::vector<double> row{1, 2, 4, 8, 16};
    // 4 2 | 1 2 4 8 16 | 8 4 at places 0, 2, 4, 6 of the padded row
    CHECK(blurred({3, 2, 2, 2, padding::reflect}, row) == std::vector<double>{2.25, 2.25, 9, 9});
    CHECK(blurred({3, 2, 2, 2, padding::zeros}, row) == std::vector<double>{0.25, 2.25, 9, 4});
    CHECK(blurred({3, 1, 1, 0, padding::replicate}, row) == std::vector<double>{1.25, 2.25, 4.5, 9});
    CHECK(blurred({2, 1, 0, 0}, row) == std::vector<double>{1.5, 3, 6, 12});
    CHECK(blurred({5, 1, 0, 0}, row) == std::vector<double>{(1 + 8 + 24 + 32 + 16) / 16.0});
    CHECK_THROWS_WITH(blurred({3, 2, 2, 2, padding::reflect}, {1, 2}), Catch::Contains("what is reflected is less"));
}

TEST_CASE("a geometry's gradient is its adjoint", "[ops][blur]") {
    const auto edge = GENERATE(padding::zeros, padding::replicate, padding::reflect);
    const auto g = GENERATE_COPY(conv_geometry::each_frame(3, 2, 2, edge), conv_geometry::each_frame(3, 1, 1, edge),
                                 conv_geometry{{2, 1, 1, 0, edge}, {4, 3, 0, 2, edge}, {3, 2, 2, 1, edge}});
    CAPTURE(static_cast<int>(edge), g.height.kernel, g.height.stride);
    const video_size size{2, 3, 6, 5};
    agrees_with_reference(
        [&]<class T>(auto& ctx, T) {
            const auto x = normals(size.take<T, 20>(ctx.arena), 1), dx = size.take<T, 20>(ctx.arena);
            const auto y = g.after(size).template take<T, 20>(ctx.arena),
                       dy = normals(g.after(size).template take<T, 20>(ctx.arena), 2);
            ops::blur(ctx, g, x, y);
            ops::blur_grad(ctx, g, dy, dx);
            if constexpr (std::is_same_v<T, double>)
                CHECK(testing::inner_product(y, dy) == Approx(testing::inner_product(x, dx)).epsilon(1e-12));
            return std::vector{doubles(y), doubles(dx)};
        },
        1e-6, 3e-3);
}

TEST_CASE("the CPU blurs as the reference does", "[ops][blur]") {
    const video_size size = GENERATE(video_size{2, 5, 6, 7}, video_size{1, 1, 8, 3});
    agrees_with_reference(
        [&]<class T>(auto& ctx, T) {
            const auto x = normals(size.take<T, 20>(ctx.arena), 1), dx = size.take<T, 20>(ctx.arena);
            const auto y = half(size).take<T, 20>(ctx.arena), dy = normals(half(size).take<T, 20>(ctx.arena), 2);
            ops::blur(ctx, x, y);
            ops::blur_grad(ctx, dy, dx);
            return std::vector{doubles(y), doubles(dx)};
        },
        1e-6, 3e-3);
}

TEST_CASE("a wrong size of the result is refused with both sizes", "[ops][blur]") {
    meta::context ctx;
    const video_size size{2, 5, 6, 8};
    const auto x = size.take<float, 3>(ctx.arena);
    CHECK_THROWS_WITH(ops::blur(ctx, x, x), Catch::Contains("ops::blur: 2 videos of 5 frames of 6 x 8 become 2 of 3 "
                                                            "frames of 3 x 4, not 2 of 5 of 6 x 8"));
    ops::blur(ctx, x, half(size).take<float, 3>(ctx.arena));
    CHECK(ctx.bytes == 4.0 * 3 * 2 * (5 * 6 * 8 + 3 * 3 * 4));
}
