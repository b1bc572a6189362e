// Patches cut out in token order and put back, on the CPU.
#include "against_reference.hpp"

#include <walt/config/window.hpp>
#include <walt/ops/cpu/patches.hpp>

using namespace walt;

namespace {
constexpr int P = 2, F = 2, H = 4, W = 12, C = 3, B = 2;
using order = token_order<H / P, W / P, 2, 3, 1, 3>;
constexpr int rows = B * F * order::tokens;
} // namespace

TEST_CASE("patches agree with the reference", "[ops][patches]") {
    agrees_with_reference(
        []<class T>(auto& ctx, T) {
            using A = accumulate_t<T>;
            const auto latent = random<A, dynamic, F, H, W, C>(ctx, 1, B),
                       back = random<A, dynamic, F, H, W, C>(ctx, 2, B);
            const auto scaled_back = random<A, dynamic, F, H, W, C>(ctx, 3, B);
            const auto tokens = random<T, dynamic, P * P * 8>(ctx, 4, rows);
            const auto scale = random<A, dynamic>(ctx, 5, B * F), value = random<A, dynamic>(ctx, 6, B * F);
            ops::patchify<order, P>(ctx, latent, none{}, tokens, 0); // channels 0 to 2
            ops::patchify<order, P>(ctx, latent, scale, tokens, 3);  // 3 to 5
            ops::patchify_constant<order, P>(ctx, value, tokens, 6); // 6, and nobody writes 7
            ops::unpatchify<order, P>(ctx, tokens, 0, none{}, back);
            ops::unpatchify<order, P>(ctx, tokens, 3, scale, scaled_back);
            return std::vector{doubles(tokens), doubles(back), doubles(scaled_back)};
        },
        1e-6, 4e-3);
}

TEST_CASE("what was cut out and put back is what it was", "[ops][patches]") {
    cpu::context ctx;
    const auto latent = random<float, dynamic, F, H, W, C>(ctx, 1, B),
               back = random<float, dynamic, F, H, W, C>(ctx, 2, B);
    const auto tokens = random<float, dynamic, P * P * C>(ctx, 3, rows);
    ops::patchify<order, P>(ctx, latent, none{}, tokens, 0);
    ops::unpatchify<order, P>(ctx, tokens, 0, none{}, back);
    CHECK(bytes(latent) == bytes(back));
    // token 6 of a frame is the first of the second tile: patch row 0, patch column 3; its vector is (row, column,
    // channel)
    for (int y = 0; y < P; ++y)
        for (int x = 0; x < P; ++x)
            for (int c = 0; c < C; ++c) CHECK(tokens(6, (y * P + x) * C + c) == latent(0, 0, y, 3 * P + x, c));
}
