// Linear maps and their gradients on the CPU, whatever the shape; gradients of parameters are added to.
#include "against_reference.hpp"

#include <walt/ops/cpu/linear.hpp>

using namespace walt;

TEST_CASE("linear maps agree with the reference", "[ops][linear]") {
    agrees_with_reference(
        []<class T>(auto& ctx, T) {
            using A = accumulate_t<T>;
            constexpr int R = 37, K = 24, N = 40;
            const auto x = random<T, dynamic, K>(ctx, 1, R), dx = random<T, dynamic, K>(ctx, 2, R);
            const auto y = random<T, dynamic, N>(ctx, 3, R), dy = random<T, dynamic, N>(ctx, 4, R),
                       plain = random<T, dynamic, N>(ctx, 5, R);
            const auto w = random<T, N, K>(ctx, 6);
            const auto b = random<A, N>(ctx, 7), db = random<A, N>(ctx, 8);
            const auto dw = random<A, N, K>(ctx, 9), dw_alone = random<A, N, K>(ctx, 10);
            const auto y_wide = random<A, dynamic, N>(ctx, 11, R); // the result in the accumulator's type
            ops::linear(ctx, x, w, b, y);
            ops::linear(ctx, x, w, none{}, plain);
            ops::linear(ctx, x, w, b, y_wide);
            ops::linear_grad_input(ctx, dy, w, dx);
            ops::linear_grad_weight(ctx, x, dy, dw, db);
            ops::linear_grad_weight(ctx, x, dy, dw_alone, none{});
            return std::vector{doubles(y),  doubles(plain), doubles(y_wide),  doubles(dx),
                               doubles(dw), doubles(db),    doubles(dw_alone)};
        },
        1e-6, 4e-3);
}

TEST_CASE("a linear map of no rows does nothing", "[ops][linear]") {
    cpu::context ctx;
    const auto x = ctx.arena.take<float, dynamic, 3>(0), y = ctx.arena.take<float, dynamic, 3>(0);
    const auto w = random<float, 3, 3>(ctx, 1), dw = random<float, 3, 3>(ctx, 2);
    const auto before = doubles(dw);
    ops::linear(ctx, x, w, none{}, y);
    ops::linear_grad_weight(ctx, x, y, dw, none{});
    CHECK(doubles(dw) == before);
}
