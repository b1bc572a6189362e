// The optimizer's pass on the CPU: AdamW, average, compute copy, and what is not to be trained.
#include "against_reference.hpp"

#include <walt/ops/cpu/optimizer.hpp>

using namespace walt;

TEST_CASE("the optimizer's pass agrees with the reference", "[ops][optimizer]") {
    agrees_with_reference(
        []<class T>(auto& ctx, T) {
            using A = accumulate_t<T>;
            constexpr std::int64_t n = 64 * 1000;
            const auto kinds = ctx.arena.template take<std::uint8_t, dynamic>(n / 64);
            for (std::int64_t i = 0; i < n / 64; ++i)
                kinds(i) = static_cast<std::uint8_t>(i % 3 == 0   ? block_fixed
                                                     : i % 3 == 1 ? block_trained
                                                                  : block_decayed);
            const auto w = random<A, dynamic>(ctx, 1, n), g = random<A, dynamic>(ctx, 2, n),
                       m = random<A, dynamic>(ctx, 3, n);
            const auto v = random<A, dynamic>(ctx, 4, n), average = random<A, dynamic>(ctx, 5, n);
            const auto copy = random<T, dynamic>(ctx, 6, n);
            for (std::int64_t i = 0; i < n; ++i) v(i) *= v(i);
            const adamw_update with{.rate = 0.01,
                                    .beta_1 = 0.9,
                                    .beta_2 = 0.99,
                                    .epsilon = 1e-8,
                                    .weight_decay = 0.1,
                                    .correction_1 = 0.5,
                                    .correction_2 = 0.2,
                                    .clip = 20,
                                    .micro_batches = 2,
                                    .average_keep = 0.98};
            const auto squares = ctx.arena.template take<double, 1>();
            const auto losses = random<A, dynamic>(ctx, 7, 2);
            ops::sum_of_squares(ctx, g, squares);
            ops::adamw(ctx, with, kinds, squares.read(), losses.read(), w, g, m, v, average, copy);
            // where the compute type is the masters' own, the masters are the copy
            return std::vector{{squares(0)},
                               doubles(w),
                               doubles(g),
                               doubles(m),
                               doubles(v),
                               doubles(average),
                               std::is_same_v<A, T> ? doubles(w) : doubles(copy)};
        },
        1e-6, 3e-3);
}
