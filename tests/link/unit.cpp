// Compiled twice: RESULTS is the name of its function, and the flags differ.
#include "unit.hpp"

#include <walt/cpu.hpp>
#include <walt/reference.hpp>

#include <bit>

using namespace walt;

namespace {

template <class View> View drawn(const View& values, std::uint64_t stream) {
    for (std::int64_t i = 0; i < values.size(); ++i)
        values.data()[i] = static_cast<typename View::element>(philox{5, stream}.normal(static_cast<std::uint64_t>(i)));
    return values;
}

/// A linear map, a norm, GELU and attention, one after the other.
template <class T, class Context> void run(std::vector<std::uint32_t>& results) {
    constexpr int L = 24, D = 64;
    using shape = attention_shape<token_order<4, 6, 4, 6, 4, 6>, 1, 1, 4, 6, 2, D / 2, false, image_rule::identity>;
    Context ctx;
    const auto x = drawn(ctx.arena.template take<T, dynamic, D>(L), 1);
    const auto h = drawn(ctx.arena.template take<float, dynamic, D>(L), 4);
    const auto modulation = drawn(ctx.arena.template take<float, dynamic, 3 * D>(1), 5);
    const auto w = drawn(ctx.arena.template take<T, 3 * D, D>(), 2);
    const auto qkv = ctx.arena.template take<T, dynamic, 3 * D>(L);
    const auto y = ctx.arena.template take<T, dynamic, D>(L);
    const auto collect = [&](const auto& values) {
        for (std::int64_t i = 0; i < values.size(); ++i)
            results.push_back(std::bit_cast<std::uint32_t>(static_cast<float>(values.data()[i])));
    };
    ops::modulated_norm(ctx, h, modulation, 0, x);
    collect(x);
    ops::activate<activation::gelu>(ctx, x, x);
    collect(x);
    ops::linear(ctx, x, w, none{}, qkv);
    const auto bias = drawn(ctx.arena.template take<float, shape::heads, shape::bias_size>(), 3);
    const auto is_image = ctx.arena.template take<std::uint8_t, dynamic>(1);
    is_image(0) = 0;
    const auto lse = ctx.arena.template take<float, dynamic, shape::heads>(L);
    ops::window_attention<shape>(ctx, qkv, none{}, none{}, bias, is_image, y, lse);
    collect(y);
    collect(lse);
}

} // namespace

std::vector<std::uint32_t> RESULTS() {
    std::vector<std::uint32_t> results;
    run<float, cpu::context>(results);
    run<bf16, cpu::context>(results);
    run<float, reference::context>(results);
    return results;
}
