// Position tables, codes of steps and rows by index on the CPU.
#include "against_reference.hpp"

#include <walt/config/window.hpp>
#include <walt/ops/cpu/embedding.hpp>

using namespace walt;

namespace {
using order = token_order<2, 6, 2, 3, 1, 3>; // two tiles, each of two runs
constexpr int F = 3, B = 2, D = 20, N = order::tokens, rows = B * F * N;
} // namespace

TEST_CASE("position tables agree with the reference, images at time 0", "[ops][embedding]") {
    agrees_with_reference(
        []<class T>(auto& ctx, T) {
            using A = accumulate_t<T>;
            const auto h = random<A, dynamic, D>(ctx, 1, rows);
            const auto space = random<A, N, D>(ctx, 2), dspace = random<A, N, D>(ctx, 3);
            const auto time = random<A, F, D>(ctx, 4), dtime = random<A, F, D>(ctx, 5);
            const auto is_image = ctx.arena.template take<std::uint8_t, dynamic>(B);
            is_image(0) = 0;
            is_image(1) = 1;
            ops::add_positions<order>(ctx, h, space, time, is_image);
            ops::add_positions_grad<order>(ctx, h, is_image, dspace, dtime);
            return std::vector{doubles(h), doubles(dspace), doubles(dtime)};
        },
        1e-6, 1e-6); // all of it in float
}

TEST_CASE("tokens get the position of their place in the frame", "[ops][embedding]") {
    cpu::context ctx;
    const auto h = ctx.arena.take<float, dynamic, 1>(2 * N); // one video of two frames
    const auto space = ctx.arena.take<float, N, 1>();
    const auto time = ctx.arena.take<float, 2, 1>();
    const auto is_image = ctx.arena.take<std::uint8_t, dynamic>(1);
    std::fill_n(h.data(), 2 * N, 0.0f);
    for (int n = 0; n < N; ++n) space.data()[n] = static_cast<float>(n);
    time.data()[0] = 100;
    time.data()[1] = 200;
    is_image(0) = 0;
    ops::add_positions<order>(ctx, h, space, time, is_image);
    // the first tile is columns 0 to 2 of both rows, row by row: row-major places 0 1 2, 6 7 8
    const float expected[] = {100, 101, 102, 106, 107, 108, 103, 104, 105, 109, 110, 111};
    for (int p = 0; p < N; ++p) {
        CHECK(h.data()[p] == expected[p]);
        CHECK(h.data()[N + p] == expected[p] + 100);
    }
}

TEST_CASE("codes of steps and rows by index agree with the reference", "[ops][embedding]") {
    agrees_with_reference(
        []<class T>(auto& ctx, T) {
            using A = accumulate_t<T>;
            const auto step = ctx.arena.template take<std::int32_t, dynamic>(3);
            const auto index = ctx.arena.template take<std::int32_t, dynamic>(6);
            for (int i = 0; i < 3; ++i) step(i) = 333 * i;
            for (int i = 0; i < 6; ++i) index(i) = i % 4;
            const auto code = random<T, dynamic, 256>(ctx, 1, 6);
            const auto e = random<A, dynamic, D>(ctx, 2, 6);
            const auto table = random<A, 5, D>(ctx, 3), dtable = random<A, 5, D>(ctx, 4);
            ops::sinusoid(ctx, step, 2, code);
            ops::add_rows(ctx, table, index, e);
            ops::add_rows_grad(ctx, e, index, dtable);
            const auto valid = ctx.arena.template take<std::uint8_t, dynamic>(6);
            for (int i = 0; i < 6; ++i) valid(i) = i % 3 != 1;
            const auto chosen = random<A, dynamic, D>(ctx, 5, 6);
            const auto absent = random<A, D>(ctx, 6), dabsent = random<A, D>(ctx, 7);
            const auto dx = random<T, dynamic, D>(ctx, 8, 6);
            ops::valid_rows(ctx, e, valid, absent, chosen);
            ops::valid_rows_grad(ctx, e, valid, dx, dabsent);
            return std::vector{doubles(code),   doubles(e),  doubles(dtable),
                               doubles(chosen), doubles(dx), doubles(dabsent)};
        },
        1e-4, 3e-3); // a float step times a float frequency loses 1e-7 of an angle of hundreds
}
