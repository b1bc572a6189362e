// Group norm per frame: finite differences, the fast loops against the plain ones, and frames that do not see each
// other.
#include "../catch.hpp"

#include <walt/ops/cpu/group_norm.hpp>
#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/meta/group_norm.hpp>
#include <walt/testing/golden.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;
using testing::fill_normal;

namespace {

/// X: what is normalised, T: what comes out; rows of scale and shift.
template <class X, class T, int C, int G> struct operands {
    using A = accumulate_t<X>;
    arena memory{allocate_host};
    video_view<X, C> x;
    video_view<T, C> y, dy;
    video_view<X, C> dx;
    view<A, dynamic, C> scale, shift, dscale, dshift;
    view<A, dynamic, G, 2> statistics;

    operands(const video_size& size, std::int64_t rows)
        : x(size.take<X, C>(memory)), y(size.take<T, C>(memory)), dy(size.take<T, C>(memory)),
          dx(size.take<X, C>(memory)), scale(memory.take<A, dynamic, C>(rows)), shift(memory.take<A, dynamic, C>(rows)),
          dscale(memory.take<A, dynamic, C>(rows)), dshift(memory.take<A, dynamic, C>(rows)),
          statistics(memory.take<A, dynamic, G, 2>(size.batch * size.frames)) {
        fill_normal(x, 1, 0.7, 3); // a mean far from zero: its square must not swallow the variance
        fill_normal(dy, 2);
        fill_normal(dx, 3);
        fill_normal(scale, 4, 0.5, 1);
        fill_normal(shift, 5);
        for (const auto& zeroed : {dscale, dshift}) std::fill_n(zeroed.data(), zeroed.size(), A(0));
    }
    template <class Activation> void run(auto& ctx, const frame_rows& rows, bool add) {
        ops::group_norm<Activation>(ctx, x, scale, shift, rows, y, statistics);
        if (add) ops::group_norm_grad_add<Activation>(ctx, x, scale, shift, rows, statistics, dy, dx, dscale, dshift);
        else ops::group_norm_grad<Activation>(ctx, x, scale, shift, rows, statistics, dy, dx, dscale, dshift);
    }
};

template <class T> std::vector<double> doubles(const T& from) { return {from.data(), from.data() + from.size()}; }

template <class Activation, class X, class T, int C, int G>
void agrees_with_reference(const video_size& size, bool add, double most) {
    cpu::context fast;
    reference::context plain;
    operands<X, T, C, G> mine(size, 1), theirs(size, 1);
    mine.template run<Activation>(fast, {}, add);
    theirs.template run<Activation>(plain, {}, add);
    CAPTURE(C, G, size.height, dtype_name<X>(), dtype_name<T>());
    CHECK(testing::relative_error(mine.statistics.data(), doubles(theirs.statistics)) < 1e-5);
    CHECK(testing::relative_error(mine.y.data(), doubles(theirs.y)) < most);
    CHECK(testing::relative_error(mine.dx.data(), doubles(theirs.dx)) < most);
    CHECK(testing::relative_error(mine.dscale.data(), doubles(theirs.dscale)) < 1e-5);
    CHECK(testing::relative_error(mine.dshift.data(), doubles(theirs.dshift)) < 1e-5);
}

} // namespace

TEMPLATE_TEST_CASE("group norm's gradients are those of finite differences", "[ops][group_norm]", activation::silu,
                   activation::identity) {
    const frame_rows rows = GENERATE(frame_rows{}, frame_rows{5, 3, 2}, frame_rows{5, 3, 2, false});
    reference::context ctx;
    operands<double, double, 6, 3> o({2, 5, 3, 4}, 6);
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
    operands<double, double, 6, 3> o({2, 3, 5, 4}, 1);
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
    agrees_with_reference<activation::silu, float, float, 16, 4>({2, 3, 6, 8}, false, 1e-5);
    agrees_with_reference<activation::silu, float, float, 24, 8>({1, 2, 40, 36}, true,
                                                                 1e-5); // frames of several pieces
    agrees_with_reference<activation::identity, float, float, 6, 2>({2, 5, 4, 6}, false, 1e-5);
    agrees_with_reference<activation::silu, float, bf16, 64, 32>({2, 3, 20, 24}, true, 4e-3);
    agrees_with_reference<activation::silu, bf16, bf16, 48, 16>({2, 9, 4, 6}, false, 4e-3);
    agrees_with_reference<activation::silu, bf16, bf16, 512, 32>({1, 2, 9, 11}, false, 4e-3);
}

TEST_CASE("the fast group norm has the same bits for any number of threads, and in place", "[ops][group_norm][cpu]") {
    const auto run = [](int threads, std::int64_t frames) {
        omp_set_num_threads(threads);
        cpu::context ctx;
        operands<float, float, 16, 4> o({1, frames, 40, 36}, 1);
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
    operands<float, float, 6, 3> o({1, 5, 3, 4}, 2);
    CHECK_THROWS_WITH(
        ops::group_norm<activation::silu>(ctx, o.x, o.scale, o.shift, (frame_rows{5, 3, 2}), o.y, o.statistics),
        Catch::Matchers::Contains("frame 4 uses row 2 of scale and shift, which have 2 rows"));
}
