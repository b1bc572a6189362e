// Causal 3D convolution: the formula, finite differences, oneDNN against the loops, and what meta counts.
#include "../catch.hpp"

#include <walt/ops/cpu/causal_conv3d.hpp>
#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/meta/causal_conv3d.hpp>
#include <walt/testing/golden.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;
using testing::fill_normal;

namespace {

/// A convolution's operands in T and A, with normal random values.
template <class T, class U, int I, int O, int Kt, int K> struct operands {
    using A = accumulate_t<T>;
    arena memory{allocate_host};
    video_size in, out;
    video_view<T, I> x;
    view<T, O, Kt, K, K, I> w;
    view<A, O> b, db;
    video_view<U, O> y;
    video_view<T, O> dy;
    video_view<U, I> dx;
    view<A, O, Kt, K, K, I> dw;

    operands(const video_size& size, conv_stride stride)
        : in(size), out(size.after(stride)), x(in.take<T, I>(memory)), w(memory.take<T, O, Kt, K, K, I>()),
          b(memory.take<A, O>()), db(memory.take<A, O>()), y(out.take<U, O>(memory)), dy(out.take<T, O>(memory)),
          dx(in.take<U, I>(memory)), dw(memory.take<A, O, Kt, K, K, I>()) {
        fill_normal(x, 1);
        fill_normal(w, 2, 0.3);
        fill_normal(b, 3);
        fill_normal(y, 4);
        fill_normal(dy, 5);
        fill_normal(db, 6);
        fill_normal(dw, 7);
    }
};

template <class T> std::vector<double> doubles(const T& from) { return {from.data(), from.data() + from.size()}; }

/// Runs all four ops on `ctx` and on the reference and compares.
template <class T, class U, int I, int O, int Kt, int K>
void agrees_with_reference(const video_size& size, conv_stride stride, double most) {
    cpu::context fast;
    reference::context plain;
    operands<T, U, I, O, Kt, K> mine(size, stride), theirs(size, stride);
    const auto run = [&](auto& ctx, auto& o) {
        ops::causal_conv3d_grad_input(ctx, stride, o.dy, o.w, o.dx);
        ops::causal_conv3d_grad_weight(ctx, stride, o.x, o.dy, o.dw, o.db);
        ops::causal_conv3d_add(ctx, stride, o.x, o.w, o.y);
    };
    run(fast, mine);
    run(plain, theirs);
    CAPTURE(I, O, Kt, K, stride.time, stride.space, dtype_name<T>());
    CHECK(testing::relative_error(mine.y.data(), doubles(theirs.y)) < most);
    CHECK(testing::relative_error(mine.dx.data(), doubles(theirs.dx)) < most);
    CHECK(testing::relative_error(mine.dw.data(), doubles(theirs.dw)) < most);
    CHECK(testing::relative_error(mine.db.data(), doubles(theirs.db)) < most);
    ops::causal_conv3d(fast, stride, mine.x, mine.w, mine.b, mine.y);
    ops::causal_conv3d(plain, stride, theirs.x, theirs.w, theirs.b, theirs.y);
    CHECK(testing::relative_error(mine.y.data(), doubles(theirs.y)) < most);
}

} // namespace

TEST_CASE("a causal convolution is its formula", "[ops][causal_conv3d]") {
    const conv_stride stride = GENERATE(conv_stride{1, 1}, conv_stride{2, 2}, conv_stride{1, 2});
    reference::context ctx;
    operands<double, double, 2, 3, 3, 3> o({2, 5, 4, 6}, stride);
    ops::causal_conv3d(ctx, stride, o.x, o.w, o.b, o.y);
    double largest = 0;
    for (int b = 0; b < o.out.batch; ++b)
        for (int f = 0; f < o.out.frames; ++f)
            for (int i = 0; i < o.out.height; ++i)
                for (int j = 0; j < o.out.width; ++j)
                    for (int k = 0; k < 3; ++k) {
                        double sum = o.b(k);
                        for (int t = 0; t < 3; ++t)
                            for (int y = 0; y < 3; ++y)
                                for (int x = 0; x < 3; ++x)
                                    for (int c = 0; c < 2; ++c) {
                                        const int tt = f * stride.time + t - 2, yy = i * stride.space + y - 1,
                                                  xx = j * stride.space + x - 1;
                                        if (tt >= 0 && yy >= 0 && yy < 4 && xx >= 0 && xx < 6)
                                            sum += o.w(k, t, y, x, c) * o.x(b, tt, yy, xx, c);
                                    }
                        largest = std::max(largest, std::abs(sum - o.y(b, f, i, j, k)));
                    }
    CHECK(o.out == video_size{2, (5 - 1) / stride.time + 1, 4 / stride.space, 6 / stride.space});
    CHECK(largest < 1e-13);
}

TEST_CASE("its gradients are those of finite differences", "[ops][causal_conv3d]") {
    const conv_stride stride = GENERATE(conv_stride{1, 1}, conv_stride{2, 2}, conv_stride{1, 2});
    reference::context ctx;
    operands<double, double, 2, 3, 3, 3> o({2, 3, 4, 6}, stride);
    const auto f = [&] {
        ops::causal_conv3d(ctx, stride, o.x, o.w, o.b, o.y);
        return testing::inner_product(o.y, o.dy);
    };
    ops::fill(ctx, o.dw, 0);
    ops::fill(ctx, o.db, 0);
    ops::causal_conv3d_grad_input(ctx, stride, o.dy, o.w, o.dx);
    ops::causal_conv3d_grad_weight(ctx, stride, o.x, o.dy, o.dw, o.db);
    CHECK(testing::check_gradient(o.x, o.dx, f).worst < 1e-6);
    CHECK(testing::check_gradient(o.w, o.dw, f).worst < 1e-6);
    CHECK(testing::check_gradient(o.b, o.db, f).worst < 1e-6);

    const auto once = doubles(o.dw); // parameter gradients add up
    ops::causal_conv3d_grad_weight(ctx, stride, o.x, o.dy, o.dw, none{});
    CHECK(testing::relative_error(o.dw.data(), once) == Approx(1).epsilon(1e-12));
}

TEST_CASE("oneDNN's convolution is the reference's", "[ops][causal_conv3d][cpu]") {
    agrees_with_reference<float, float, 16, 32, 3, 3>({2, 5, 6, 8}, {1, 1}, 1e-5);
    agrees_with_reference<float, float, 6, 12, 3, 3>({2, 5, 6, 8}, {2, 2}, 1e-5);
    agrees_with_reference<float, float, 12, 12, 3, 3>({1, 4, 8, 6}, {1, 2}, 1e-5);
    agrees_with_reference<float, float, 3, 16, 3, 3>({2, 1, 6, 8}, {1, 1}, 1e-5);
    agrees_with_reference<float, float, 16, 3, 3, 3>({2, 3, 6, 8}, {1, 1}, 1e-5);
    agrees_with_reference<float, float, 16, 24, 1, 1>({2, 3, 4, 6}, {1, 1}, 1e-5);
    agrees_with_reference<float, float, 8, 32, 1, 3>({2, 5, 4, 6}, {1, 1}, 1e-5);
    agrees_with_reference<bf16, float, 16, 32, 3, 3>({2, 5, 6, 8}, {1, 1}, 1e-5);
    agrees_with_reference<bf16, bf16, 16, 32, 3, 3>({2, 5, 6, 8}, {2, 2},
                                                    4e-3); // the result is rounded to bf16 as well
    agrees_with_reference<bf16, float, 16, 24, 1, 1>({2, 3, 4, 6}, {1, 1}, 1e-5);
    agrees_with_reference<bf16, float, 3, 16, 3, 3>({2, 5, 6, 8}, {1, 1}, 1e-5);
}

TEST_CASE("meta counts a convolution's FLOPs", "[ops][causal_conv3d][meta]") {
    meta::context ctx;
    const video_size in{2, 5, 8, 12};
    const conv_stride stride{2, 2};
    const auto x = in.take<float, 3>(ctx.arena);
    const auto y = in.after(stride).take<float, 7>(ctx.arena);
    const view<float, 7, 3, 3, 3, 3> w(nullptr);
    ops::causal_conv3d(ctx, stride, x, w, none{}, y);
    CHECK(ctx.flops == 2.0 * (2 * 3 * 4 * 6) * 7 * (27 * 3)); // 2, positions, out, taps x in
    CHECK(ctx.bytes == 4.0 * (2 * 5 * 8 * 12 * 3 + 7 * 81 + 2 * 3 * 4 * 6 * 7));
}

TEST_CASE("a wrong output size is refused in a sentence", "[ops][causal_conv3d]") {
    reference::context ctx;
    operands<float, float, 2, 3, 3, 3> o({2, 5, 4, 6}, {1, 1});
    CHECK_THROWS_WITH(ops::causal_conv3d(ctx, conv_stride{2, 2}, o.x, o.w, o.b, o.y),
                      Catch::Matchers::Contains(
                          "stride 2 in time and 2 in space gives 2 x 3 x 2 x 3, but the output is 2 x 5 x 4 x 6"));
}
