// Maps over elements on the CPU: conversions, activations with their slopes, sums.
#include "against_reference.hpp"

#include <walt/ops/cpu/pointwise.hpp>

using namespace walt;

namespace {

/// An activation that the CPU device does not know.
struct leaky {
    template <class A> static A value(A x) { return x < A(0) ? A(0.2) * x : x; }
    template <class A> static A slope(A x) { return x < A(0) ? A(0.2) : A(1); }
};

} // namespace

TEMPLATE_TEST_CASE("activations agree with the reference, a user's own as well", "[ops][pointwise]", activation::silu,
                   activation::gelu, activation::leaky_relu, leaky) {
    agrees_with_reference(
        []<class T>(auto& ctx, T) {
            constexpr std::int64_t n = 20'011; // more than a thread's piece
            const auto x = random<T, dynamic>(ctx, 1, n), y = random<T, dynamic>(ctx, 2, n),
                       dy = random<T, dynamic>(ctx, 3, n);
            const auto dx = random<T, dynamic>(ctx, 4, n);
            for (int i = 0; i < 40; ++i)
                x(i) = static_cast<T>(static_cast<float>(8 * (i - 20))); // far out, where exp overflows
            ops::activate<TestType>(ctx, x, y);
            ops::activate_grad<TestType>(ctx, x, dy, dx);
            ops::activate_grad<TestType>(ctx, x, dy, dy); // in place
            return std::vector{doubles(y), doubles(dx), doubles(dy)};
        },
        1e-6, 3e-3);
}

TEST_CASE("sums, fills and conversions agree with the reference", "[ops][pointwise]") {
    agrees_with_reference(
        []<class T>(auto& ctx, T) {
            using A = accumulate_t<T>;
            constexpr std::int64_t n = 1003;
            const auto x = random<T, dynamic>(ctx, 1, n), z = random<T, dynamic>(ctx, 2, n),
                       filled = random<T, dynamic>(ctx, 3, n);
            const auto sum = random<A, dynamic>(ctx, 4, n), wide = random<A, dynamic>(ctx, 5, n);
            const auto blended = random<T, dynamic>(ctx, 6, n);
            const auto scaled = random<A, dynamic>(ctx, 7, n);
            ops::accumulate(ctx, x, sum);
            ops::add(ctx, x, x, z);
            ops::convert(ctx, x, wide);
            ops::fill(ctx, filled, 0.75);
            ops::blend(ctx, 2, x, -1, x, blended);
            ops::blend(ctx, 0.5, scaled, 1, x, scaled); // in place
            ops::blend(ctx, -0.25, scaled, 0, none{}, scaled);
            return std::vector{doubles(sum),    doubles(z),       doubles(wide),
                               doubles(filled), doubles(blended), doubles(scaled)};
        },
        1e-7, 1e-7); // the numbers are such that bf16 holds twice of each
}

TEST_CASE("the leaky ReLU's slope may be asked of its result", "[ops][pointwise]") {
    for (const double x : {-3.0, -1e-30, 0.0, 1e-30, 2.0}) {
        using leaky_relu = activation::leaky_relu;
        CHECK(leaky_relu::value(x) == (x > 0 ? x : 0.2 * x));
        CHECK(leaky_relu::slope(leaky_relu::value(x)) == leaky_relu::slope(x));
        CHECK(leaky_relu::slope(x) == (x > 0 ? 1 : 0.2));
    }
}

TEST_CASE("converting to bf16 rounds to nearest, ties to even", "[ops][pointwise]") {
    cpu::context ctx;
    const auto x = ctx.arena.take<float, 4>();
    const auto y = ctx.arena.take<bf16, 4>();
    const float values[] = {1 + 1.0f / 256, 1 + 3.0f / 256, 1 + 1.1f / 256, std::numeric_limits<float>::infinity()};
    std::copy_n(values, 4, x.data());
    ops::convert(ctx, x, y);
    CHECK(static_cast<float>(y.data()[0]) == 1);
    CHECK(static_cast<float>(y.data()[1]) == 1 + 4.0f / 256);
    CHECK(static_cast<float>(y.data()[2]) == 1 + 2.0f / 256);
    CHECK(static_cast<float>(y.data()[3]) == std::numeric_limits<float>::infinity());
}
