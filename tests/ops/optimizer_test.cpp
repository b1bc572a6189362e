// The optimizer's passes on the CPU: AdamW, average, compute copy, and what is not to be trained.
#include "against_reference.hpp"

#include <walt/ops/cpu/optimizer.hpp>

using namespace walt;

TEST_CASE("the optimizer's passes agree with the reference", "[ops][optimizer]") {
    agrees_with_reference(
        []<class T>(auto& ctx, T) {
            using A = accumulate_t<T>;
            constexpr std::int64_t all = 1000, trained = 700, n = 64 * all, k = 64 * trained;
            const auto blocks = ctx.arena.template take<trained_block, dynamic>(trained);
            for (std::int32_t b = 0; b < trained; ++b) // some blocks of the masters, in another order, and holes
                blocks(b) = {b % 7 == 3 ? -1 : (b * 3 + 1) % 1000, b % 2};
            const auto w = random<A, dynamic>(ctx, 1, n), average = random<A, dynamic>(ctx, 5, n);
            const auto g = random<A, dynamic>(ctx, 2, k), m = random<A, dynamic>(ctx, 3, k),
                       v = random<A, dynamic>(ctx, 4, k);
            const auto copy = random<T, dynamic>(ctx, 6, n);
            for (std::int64_t i = 0; i < k; ++i) v(i) *= v(i);
            for (std::int64_t i = 0; i < n; ++i) copy(i) = static_cast<T>(w(i)); // where nothing is trained it stays
            const adamw_update with{.rate = 0.01,
                                    .beta_1 = 0.9,
                                    .beta_2 = 0.99,
                                    .epsilon = 1e-8,
                                    .weight_decay = 0.1,
                                    .correction_1 = 0.5,
                                    .correction_2 = 0.2};
            const auto squares = ctx.arena.template take<double, 1>();
            const auto scale = ctx.arena.template take<A, 1>();
            const auto losses = random<A, dynamic>(ctx, 7, std::int64_t{2});
            ops::sum_of_squares(ctx, g, squares);
            ops::gradient_scale(ctx, gradient_mean{20, 2}, squares.read(), losses.read(), scale);
            ops::adamw(ctx, with, blocks, scale.read(), w, g, m, v, copy);
            ops::average(ctx, 0.98, blocks, w.read(), average);
            // where the compute type is the masters' own, the masters are the copy
            return std::vector{{squares(0), static_cast<double>(scale(0))},
                               doubles(w),
                               doubles(g),
                               doubles(m),
                               doubles(v),
                               doubles(average),
                               std::is_same_v<A, T> ? doubles(w) : doubles(copy)};
        },
        1e-6, 3e-3);
}

TEST_CASE("blocks that are not trained stay as they are, to the last bit", "[ops][optimizer]") {
    cpu::context ctx;
    const auto w = random<float, dynamic>(ctx, 1, std::int64_t{192}),
               average = random<float, dynamic>(ctx, 2, std::int64_t{192}),
               g = random<float, dynamic>(ctx, 3, std::int64_t{128}),
               m = random<float, dynamic>(ctx, 4, std::int64_t{128}),
               v = random<float, dynamic>(ctx, 5, std::int64_t{128});
    for (std::int64_t i = 0; i < 128; ++i) v(i) *= v(i);
    const auto blocks = ctx.arena.take<trained_block, dynamic>(2);
    blocks(0) = {1, 0};
    blocks(1) = {};
    const auto scale = ctx.arena.take<float, 1>();
    scale(0) = 1;
    const auto before = doubles(w), before_average = doubles(average);
    ops::adamw(ctx, adamw_update{0.01, 0.9, 0.99, 1e-8, 0.1, 0.5, 0.2}, blocks, scale.read(), w, g, m, v, w);
    ops::average(ctx, 0.5, blocks, w.read(), average);
    for (std::size_t i = 0; i < 192; ++i) {
        CHECK((doubles(w)[i] != before[i]) == (i / 64 == 1));
        CHECK((doubles(average)[i] != before_average[i]) == (i / 64 == 1));
    }
    scale(0) = std::numeric_limits<float>::quiet_NaN();
    const auto after = doubles(w), gradient = doubles(g);
    ops::adamw(ctx, adamw_update{0.01, 0.9, 0.99, 1e-8, 0.1, 0.5, 0.2}, blocks, scale.read(), w, g, m, v, w);
    CHECK(doubles(w) == after);
    CHECK(doubles(g) == gradient);
}
