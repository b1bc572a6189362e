// Linear maps and their gradients on the CPU, whatever the shape; gradients of parameters are added to.
#include "against_reference.hpp"

#include <walt/ops/cpu/linear.hpp>
#include <walt/ops/cpu/pointwise.hpp>
#include <walt/ops/resting_weights.hpp>

using namespace walt;

#ifdef WALT_TEST_WITHOUT_BF16
static_assert(std::is_same_v<cpu::operand_t<bf16>, float>, "this unit is for a processor that multiplies no bf16");
#endif

namespace {

/// Everything that linear maps do on R rows of K numbers, N out.
template <int R, int K, int N, class T> std::vector<std::vector<double>> all_maps(auto& ctx, T) {
    using A = accumulate_t<T>;
    using gelu = activation::gelu;
    const auto x = random<T, dynamic, K>(ctx, 1, R), dx = random<T, dynamic, K>(ctx, 2, R);
    const auto y = random<T, dynamic, N>(ctx, 3, R), dy = random<T, dynamic, N>(ctx, 4, R),
               plain = random<T, dynamic, N>(ctx, 5, R);
    const auto w = random<T, N, K>(ctx, 6);
    const auto b = random<A, N>(ctx, 7), db = random<A, N>(ctx, 8);
    const auto dw = random<A, N, K>(ctx, 9), dw_alone = random<A, N, K>(ctx, 10);
    const auto y_wide = random<A, dynamic, N>(ctx, 11, R); // the result in the accumulator's type
    const auto inner = random<T, dynamic, N>(ctx, 12, R), active = random<T, dynamic, N>(ctx, 13, R);
    const auto at = random<T, dynamic, K>(ctx, 14, R), dat = random<T, dynamic, K>(ctx, 15, R);
    ops::linear(ctx, x, w, b, y);
    ops::linear(ctx, x, w, none{}, plain);
    ops::linear(ctx, x, w, b, y_wide);
    ops::linear_grad_input(ctx, dy, w, dx);
    ops::linear_grad_weight(ctx, x, dy, dw, db);
    ops::linear_grad_weight(ctx, x, dy, dw_alone, none{});
    ops::linear_activate<gelu>(ctx, x, w, b, inner, active);
    ops::linear_grad_activated_input<gelu>(ctx, dy, w, at, dat);
    return {doubles(y),  doubles(plain),    doubles(y_wide), doubles(dx),     doubles(dw),
            doubles(db), doubles(dw_alone), doubles(inner),  doubles(active), doubles(dat)};
}

template <int R, int K, int N> void all_maps_agree(cpu::multiplier by) {
    CAPTURE(R, K, N, static_cast<int>(by));
    agrees_with_reference(
        [by]<class T>(auto& ctx, T) {
            if constexpr (requires { ctx.products; }) ctx.products = by;
            return all_maps<R, K, N>(ctx, T{});
        },
        1e-6, 4e-3);
}

} // namespace

TEST_CASE("linear maps agree with the reference", "[ops][linear]") {
    const auto by = GENERATE(cpu::multiplier::fastest, cpu::multiplier::vectors, cpu::multiplier::onednn);
    if (by == cpu::multiplier::onednn && !cpu::onednn::has(dnnl_cpu_isa_avx512_core)) return; // it has no bf16 there
    all_maps_agree<37, 24, 40>(by);
    all_maps_agree<1, 5, 3>(by);      // less than a block, and rows that end within a unit of bf16
    all_maps_agree<96, 64, 64>(by);   // whole blocks, panels and pieces
    all_maps_agree<200, 33, 130>(by); // several of each, and rests
    all_maps_agree<600, 7, 70>(by);   // weight gradients in parts
}

TEST_CASE("a linear map's results are those of its rows, however many there are beside them", "[ops][linear]") {
    const auto of_rows = []<class T>(T, std::int64_t rows) {
        cpu::context ctx;
        ctx.products = cpu::multiplier::vectors;
        const auto x = random<T, dynamic, 70>(ctx, 1, 300);
        const auto y = random<T, dynamic, 90>(ctx, 2, 300);
        const auto w = random<T, 90, 70>(ctx, 3);
        ops::linear(ctx, view<T, dynamic, 70>(x.data(), rows), w, none{}, view<T, dynamic, 90>(y.data(), rows));
        auto all = doubles(y);
        all.resize(90);
        return all;
    };
    for (const std::int64_t rows : {1, 5, 97}) {
        CHECK(of_rows(float{}, rows) == of_rows(float{}, 300));
        CHECK(of_rows(bf16{}, rows) == of_rows(bf16{}, 300));
    }
}

TEST_CASE("weights that rest are packed once, and again when they have rested", "[ops][linear]") {
    cpu::context ctx;
    ctx.products = cpu::multiplier::vectors;
    const auto x = random<float, dynamic, 70>(ctx, 1, 9), dx = random<float, dynamic, 70>(ctx, 2, 9);
    const auto y = random<float, dynamic, 90>(ctx, 3, 9);
    const auto w = random<float, 90, 70>(ctx, 4), other = random<float, 90, 70>(ctx, 5);
    const auto both = [&](auto with) {
        ops::linear(ctx, x, with, none{}, y);
        ops::linear_grad_input(ctx, y, with, dx); // the same numbers, packed in the other way
        return std::pair{doubles(y), doubles(dx)};
    };
    const auto before = both(w), of_other = both(other);
    {
        const auto resting = ops::rest_weights(ctx, weights<float>{w.data(), w.data()}, 90 * 70);
        CHECK(both(w) == before);
        CHECK(both(w) == before);
        CHECK(both(other) == of_other);
        std::copy_n(other.data(), other.size(), w.data()); // against the promise: nobody looks
        CHECK(both(w) == before);
    }
    CHECK(both(w) == of_other);
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
