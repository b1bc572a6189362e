// Group norm per frame: finite differences, the fast loops against the plain ones, and frames that do not see each
// other.
#include "group_norm_operands.hpp"

#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/meta/group_norm.hpp>

using namespace walt;

TEMPLATE_TEST_CASE("group norm's gradients are those of finite differences", "[ops][group_norm]", activation::silu,
                   activation::identity) {
    const frame_rows rows = GENERATE(frame_rows{}, frame_rows{5, 3, 2}, frame_rows{5, 3, 2, false});
    reference::context ctx;
    group_norm_operands<double, double, 6, 3> o({2, 5, 3, 4}, 6);
    const auto f = [&] {
        ops::group_norm<TestType>(ctx, o.x, o.scale, o.shift, rows, o.y, o.statistics);
        return testing::inner_product(o.y, o.dy);
    };
    f();
    ops::group_norm_grad<TestType>(ctx, o.x, o.scale, o.shift, rows, o.statistics, o.dy, o.dx, o.dscale, o.dshift);
    CHECK(testing::check_gradient(o.x, o.dx, f).worst < 1e-5);
    CHECK(testing::check_gradient(o.scale, o.dscale, f).worst < 1e-6);
    CHECK(testing::check_gradient(o.shift, o.dshift, f).worst < 1e-6);
}

TEST_CASE("rows follow the latent's frames", "[ops][group_norm]") {
    const frame_rows rows{9, 3, 4}; // 9 frames, 3 latent frames: 0 | 1 1 1 1 | 2 2 2 2, then the next clip
    const std::array<int, 11> expected{0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 4};
    for (int n = 0; n < 11; ++n) CHECK(rows.of(n) == expected[static_cast<std::size_t>(n)]);
    CHECK(frame_rows{}.of(7) == 0);
    const frame_rows later{8, 2, 4, false}; // a later chunk: 0 0 0 0 | 1 1 1 1, then the next clip's
    const std::array<int, 10> in_chunk{0, 0, 0, 0, 1, 1, 1, 1, 2, 2};
    for (int n = 0; n < 10; ++n) CHECK(later.of(n) == in_chunk[static_cast<std::size_t>(n)]);
}

TEST_CASE("normalised groups have mean 0 and deviation 1, frame by frame", "[ops][group_norm]") {
    reference::context ctx;
    group_norm_operands<double, double, 6, 3> o({2, 3, 5, 4}, 1);
    ops::fill(ctx, o.scale, 1);
    ops::fill(ctx, o.shift, 0);
    ops::group_norm<activation::identity>(ctx, o.x, o.scale, o.shift, frame_rows{}, o.y, o.statistics);
    for (int n = 0; n < 6; ++n)
        for (int g = 0; g < 3; ++g) {
            double sum = 0, squares = 0;
            for (int p = 0; p < 20; ++p)
                for (int c = 2 * g; c < 2 * g + 2; ++c) {
                    const double v = o.y.data()[(n * 20 + p) * 6 + c];
                    sum += v / 40, squares += v * v / 40;
                }
            CHECK(std::abs(sum) < 1e-12);
            CHECK(squares == Approx(1).margin(1e-5));
        }
}

TEST_CASE("the fast group norm is the plain one", "[ops][group_norm][cpu]") {
    group_norm_agrees<activation::silu, float, float, 16, 4>({2, 3, 6, 8}, false, 1e-5);
    group_norm_agrees<activation::silu, float, float, 24, 8>({1, 2, 40, 36}, true,
                                                             1e-5); // frames of several pieces
    group_norm_agrees<activation::identity, float, float, 6, 2>({2, 5, 4, 6}, false, 1e-5);
    group_norm_agrees<activation::silu, float, bf16, 64, 32>({2, 3, 20, 24}, true, 4e-3);
    group_norm_agrees<activation::silu, bf16, bf16, 48, 16>({2, 9, 4, 6}, false, 4e-3);
    group_norm_agrees<activation::silu, bf16, bf16, 512, 32>({1, 2, 9, 11}, false, 4e-3);
}

TEST_CASE("the fast group norm has the same bits for any number of threads, and in place", "[ops][group_norm][cpu]") {
    const auto run = [](int threads, std::int64_t frames) {
        omp_set_num_threads(threads);
        cpu::context ctx;
        group_norm_operands<float, float, 16, 4> o({1, frames, 40, 36}, 1);
        o.run<activation::silu>(ctx, {}, false);
        std::vector<std::vector<double>> all{doubles(o.y), doubles(o.dx), doubles(o.dscale), doubles(o.dshift)};
        ops::group_norm<activation::silu>(ctx, o.x, o.scale, o.shift, frame_rows{}, o.x, o.statistics); // y may be x
        CHECK(doubles(o.x) == all[0]);
        return all;
    };
    const int before = omp_get_max_threads();
    for (const std::int64_t frames : {1, 3, 9}) CHECK(run(1, frames) == run(3, frames));
    omp_set_num_threads(before);
}

TEST_CASE("scale without a row for a frame is refused", "[ops][group_norm]") {
    reference::context ctx;
    group_norm_operands<float, float, 6, 3> o({1, 5, 3, 4}, 2);
    CHECK_THROWS_WITH(
        ops::group_norm<activation::silu>(ctx, o.x, o.scale, o.shift, (frame_rows{5, 3, 2}), o.y, o.statistics),
        Catch::Matchers::Contains("frame 4 uses row 2 of scale and shift, which have 2 rows"));
}
