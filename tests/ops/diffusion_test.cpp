// A diffusion step's arithmetic on the CPU: mixtures, noise, guidance's rescale, the loss.
#include "against_reference.hpp"

#include <walt/ops/cpu/diffusion.hpp>
#include <walt/ops/cpu/reconstruction.hpp>

using namespace walt;

namespace {
constexpr int B = 2, F = 3, frames = B * F;
}

TEST_CASE("mixtures, the rescale and the losses agree with the reference", "[ops][diffusion]") {
    agrees_with_reference(
        []<class T>(auto& ctx, T) {
            using A = accumulate_t<T>; // latents are float whatever the compute type is
            const auto take = [&](std::uint64_t stream) { return random<A, dynamic, F, 4, 5, 2>(ctx, stream, B); };
            const auto x = take(1), y = take(2), out = take(3), guided = take(4), dx = take(5), dx_pixels = take(6);
            const auto a = random<A, dynamic>(ctx, 7, frames), b = random<A, dynamic>(ctx, 8, frames),
                       weight = random<A, dynamic>(ctx, 9, frames);
            for (int f = 0; f < frames; ++f) weight(f) = static_cast<A>(f != 2);
            const auto table = random<A, dynamic>(ctx, 10, 100), values = random<A, dynamic>(ctx, 11, 3);
            const auto index = ctx.arena.template take<std::int32_t, dynamic>(3);
            for (int i = 0; i < 3; ++i) index(i) = 49 * i;
            const auto loss = random<A, 1>(ctx, 12), pixels = random<A, 1>(ctx, 13);
            ops::frame_blend(ctx, a, x, b, y, out);
            ops::lookup(ctx, table, index, values);
            ops::rescale_std(ctx, x, y, 0.7, weight, guided);
            ops::square_error(ctx, x, y, weight, loss, dx);
            ops::reconstruction_error(ctx, x, y, 0.3, pixels, dx_pixels);
            return std::vector{doubles(out), doubles(values), doubles(guided),   doubles(loss),
                               doubles(dx),  doubles(pixels), doubles(dx_pixels)};
        },
        1e-6, 1e-6);
}

TEST_CASE("noise is the same on every device, wherever a sequence is cut", "[ops][diffusion]") {
    reference::context plain;
    cpu::context fast;
    const auto here = fast.arena.take<float, dynamic>(10'001), there = plain.arena.take<float, dynamic>(10'001);
    ops::normal(fast, philox{5, 6}, here);
    ops::normal(plain, philox{5, 6}, there);
    CHECK(bytes(here) == bytes(there));
    CHECK(here(7) == philox{5, 6}.normal(7));
}

TEST_CASE("a loss whose weights are all zero is zero, and so is its gradient", "[ops][diffusion]") {
    cpu::context ctx;
    const auto x = random<float, dynamic, 4>(ctx, 1, 2), y = random<float, dynamic, 4>(ctx, 2, 2),
               dx = random<float, dynamic, 4>(ctx, 3, 2);
    const auto weight = ctx.arena.take<float, dynamic>(2);
    std::fill_n(weight.data(), 2, 0.0f);
    const auto loss = random<float, 1>(ctx, 4);
    ops::square_error(ctx, x, y, weight, loss, dx);
    CHECK(loss(0) == 0);
    for (const double d : doubles(dx)) CHECK(d == 0);
}

TEMPLATE_TEST_CASE("a rescale sees the frames that have a weight", "[ops][diffusion]", reference::context,
                   cpu::context) {
    TestType ctx;
    const auto take = [&](std::uint64_t stream) { return random<float, dynamic, F, 4>(ctx, stream, B); };
    const auto x = take(1), y = take(2), out = take(3), without = take(4);
    const auto weight = ctx.arena.template take<float, dynamic>(frames);
    for (int f = 0; f < frames; ++f) weight(f) = f == 0 || f == 5; // one frame of each sample
    ops::rescale_std(ctx, x, y, 1, weight, out);
    const auto deviation = [](const float* of) {
        double sum = 0, squares = 0;
        for (int i = 0; i < 4; ++i) sum += static_cast<double>(of[i]) / 4;
        for (int i = 0; i < 4; ++i) squares += (static_cast<double>(of[i]) - sum) * (static_cast<double>(of[i]) - sum);
        return std::sqrt(squares / 4);
    };
    for (const int f : {0, 5}) CHECK(deviation(out.data() + 4 * f) == Approx(deviation(x.data() + 4 * f)));
    for (int i = 0; i < 4; ++i) x(0, 1, i) = 1e6f; // of no weight
    ops::rescale_std(ctx, x, y, 1, weight, without);
    CHECK(bytes(without) == bytes(out));
    std::fill_n(weight.data(), frames, 0.0f);
    ops::rescale_std(ctx, x, y, 1, weight, out);
    CHECK(bytes(out) == bytes(y));
}
