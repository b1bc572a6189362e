// Attention of texts to themselves: known weights, the fast loops against the plain ones, positions that are not valid.
#include "against_reference.hpp"

#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/cpu/text_attention.hpp>

using namespace walt;

namespace {

/// Three texts of M positions: all valid, some in the middle, none.
template <int Heads, int W, class T> struct texts {
    std::int64_t M;
    view<T, dynamic, W> q, k, v, out;
    view<accumulate_t<T>, dynamic, Heads> bias;
    view<std::uint8_t, dynamic, dynamic> valid;

    texts(auto& ctx, std::int64_t positions)
        : M(positions), q(random<T, dynamic, W>(ctx, 1, 3 * M)), k(random<T, dynamic, W>(ctx, 2, 3 * M)),
          v(random<T, dynamic, W>(ctx, 3, 3 * M)), out(ctx.arena.template take<T, dynamic, W>(3 * M)),
          bias(random<accumulate_t<T>, dynamic, Heads>(ctx, 4, 2 * M - 1)),
          valid(ctx.arena.template take<std::uint8_t, dynamic, dynamic>(std::int64_t{3}, M)) {
        for (std::int64_t j = 0; j < M; ++j) {
            valid(0, j) = 1;
            valid(1, j) = j % 3 != 1;
            valid(2, j) = 0;
        }
    }
};

template <int Heads, int W> void agrees(std::int64_t positions) {
    CAPTURE(Heads, W, positions);
    agrees_with_reference(
        [&](auto& ctx, auto of) {
            texts<Heads, W, decltype(of)> t(ctx, positions);
            ops::text_attention<Heads>(ctx, t.q, t.k, t.v, 0.3, t.bias, t.valid, t.out);
            const auto with_bias = doubles(t.out);
            ops::text_attention<Heads>(ctx, t.q, t.k, t.v, 0.3, none{}, t.valid, t.out);
            return std::vector{with_bias, doubles(t.out)};
        },
        1e-5, 1e-2);
}

} // namespace

TEST_CASE("the cpu's attention of texts agrees with the reference", "[ops][text_attention][cpu]") {
    agrees<3, 30>(1);
    agrees<3, 30>(50);
    agrees<2, 128>(131);
}

TEMPLATE_TEST_CASE("equal scores mix the valid values evenly, and bias is added by distance", "[ops][text_attention]",
                   reference::context, cpu::context) {
    TestType ctx;
    texts<1, 2, float> t(ctx, 4);
    ops::fill(ctx, t.q, 0);
    ops::text_attention<1>(ctx, t.q, t.k, t.v, 1, none{}, t.valid, t.out);
    const auto value = [&](int row, int d) { return t.v(4 + row, d); };
    for (int i = 0; i < 4; ++i)
        for (int d = 0; d < 2; ++d) {
            CHECK(t.out(4 + i, d) == Approx((value(0, d) + value(2, d) + value(3, d)) / 3));
            CHECK(t.out(8 + i, d) == 0.0f); // of the text that is valid nowhere
        }
    ops::fill(ctx, t.bias, 0);
    t.bias(3 + 2, 0) = 60; // a key two places behind the query outweighs the others
    ops::text_attention<1>(ctx, t.q, t.k, t.v, 1, t.bias, t.valid, t.out);
    CHECK(t.out(0, 0) == Approx(t.v(2, 0)));
    CHECK(t.out(1, 1) == Approx(t.v(3, 1)));
}

TEMPLATE_TEST_CASE("what stands at positions that are not valid changes nothing", "[ops][text_attention]",
                   reference::context, cpu::context) {
    TestType ctx;
    texts<2, 12, float> t(ctx, 20);
    ops::text_attention<2>(ctx, t.q, t.k, t.v, 1, t.bias, t.valid, t.out);
    const auto before = bytes(t.out);
    for (std::int64_t j = 0; j < 20; ++j)
        for (int d = 0; d < 12; ++d)
            if (!t.valid(1, j)) t.k(20 + j, d) = t.v(20 + j, d) = 1e30f;
    ops::text_attention<2>(ctx, t.q, t.k, t.v, 1, t.bias, t.valid, t.out);
    CHECK(bytes(t.out) == before);
}

TEST_CASE("attention of texts gives the same bits for any number of threads", "[ops][text_attention][cpu]") {
    const int before = omp_get_max_threads();
    const auto with = [](int threads) {
        omp_set_num_threads(threads);
        cpu::context ctx;
        texts<8, 256, float> t(ctx, 200);
        ops::text_attention<8>(ctx, t.q, t.k, t.v, 1, t.bias, t.valid, t.out);
        return bytes(t.out);
    };
    const auto alone = with(1);
    CHECK(with(3) == alone);
    omp_set_num_threads(before);
}
