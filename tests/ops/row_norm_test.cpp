// Norms of rows with weights, and the gate of a gated MLP: known values, and the fast loops against the plain ones.
#include "against_reference.hpp"

#include <walt/ops/cpu/gated_activation.hpp>
#include <walt/ops/cpu/row_norm.hpp>

using namespace walt;

namespace {

template <int D> void agrees() {
    CAPTURE(D);
    agrees_with_reference(
        [](auto& ctx, auto of) {
            using T = decltype(of);
            using A = accumulate_t<T>;
            const auto x = random<A, dynamic, D>(ctx, 1, 7);
            const auto scale = random<A, D>(ctx, 2), shift = random<A, D>(ctx, 3);
            const auto y = ctx.arena.template take<T, dynamic, D>(7);
            ops::row_norm<row_norm::layer>(ctx, x, scale, shift, 1e-3, y);
            const auto layer = doubles(y);
            ops::row_norm<row_norm::root_mean_square>(ctx, x, scale, none{}, 1e-3, y);
            const auto square = doubles(y);
            ops::row_norm<row_norm::layer>(ctx, x, scale, shift, 1e-3, x); // in place
            return std::vector{layer, square, doubles(x)};
        },
        1e-6, 5e-3);
}

} // namespace

TEMPLATE_TEST_CASE("a row norm is what its formula says", "[ops][row_norm]", reference::context, cpu::context) {
    TestType ctx;
    const auto x = ctx.arena.template take<float, dynamic, 2>(1), y = ctx.arena.template take<float, dynamic, 2>(1);
    const auto scale = ctx.arena.template take<float, 2>(), shift = ctx.arena.template take<float, 2>();
    x(0, 0) = 1, x(0, 1) = 7, scale(0) = 2, scale(1) = 3, shift(0) = 10, shift(1) = 20;
    ops::row_norm<row_norm::layer>(ctx, x, scale, shift, 7, y); // mean 4, variance 9
    CHECK(y(0, 0) == Approx(10 - 2 * 0.75));
    CHECK(y(0, 1) == Approx(20 + 3 * 0.75));
    ops::row_norm<row_norm::root_mean_square>(ctx, x, scale, none{}, 75, y); // mean square 25
    CHECK(y(0, 0) == Approx(0.2));
    CHECK(y(0, 1) == Approx(2.1));
}

TEST_CASE("the cpu's row norms agree with the reference", "[ops][row_norm][cpu]") {
    agrees<5>();
    agrees<384>();
    agrees<1030>();
}

TEST_CASE("a gate is an activation times the other map", "[ops][gated_activation][cpu]") {
    agrees_with_reference(
        [](auto& ctx, auto of) {
            using T = decltype(of);
            const auto gate = random<T, dynamic, 33>(ctx, 1, 9), x = random<T, dynamic, 33>(ctx, 2, 9);
            const auto y = ctx.arena.template take<T, dynamic, 33>(9);
            ops::gated_activation<activation::gelu>(ctx, gate, x, y);
            const auto apart = doubles(y);
            ops::gated_activation<activation::gelu>(ctx, gate, x, x);
            return std::vector{apart, doubles(x)};
        },
        1e-6, 5e-3);
    reference::context ctx;
    const auto gate = ctx.arena.take<double, dynamic>(1), x = ctx.arena.take<double, dynamic>(1);
    gate(0) = 1.3, x(0) = -2;
    ops::gated_activation<activation::silu>(ctx, gate, x, x);
    CHECK(x(0) == Approx(-2 * 1.3 / (1 + std::exp(-1.3))));
}
