// Window attention: a token sees its window and nothing else, and small windows cost less.
#include <walt/config/window.hpp>
#include <walt/cpu.hpp>
#include <walt/meta.hpp>

#include <fmt/core.h>

/// 2 frames of 4 x 8 tokens, windows of all frames x 4 x Width, 2 heads of 16.
template <int Width>
using shape = walt::attention_shape<walt::token_order<4, 8, 4, 8, 4, Width>, 2, 2, 4, Width, 2, 16, false,
                                    walt::image_rule::identity>;

/// Attention of one video; returns token `last` of the first frame. Token 0 is moved by `push`.
template <int Width> float attend(auto& device, float push) {
    using S = shape<Width>;
    const walt::arena::scope scope(device.arena);
    const auto qkv = device.arena.template take<float, walt::dynamic, 3 * S::width>(2 * S::per_frame);
    const auto out = device.arena.template take<float, walt::dynamic, S::width>(2 * S::per_frame);
    const auto lse = device.arena.template take<float, walt::dynamic, S::heads>(2 * S::per_frame);
    const auto bias = device.arena.template take<float, S::heads, S::bias_size>();
    const auto is_image = device.arena.template take<std::uint8_t, walt::dynamic>(1);
    if constexpr (std::remove_reference_t<decltype(device)>::has_data) {
        for (std::int64_t i = 0; i < qkv.size(); ++i)
            qkv.data()[i] = walt::philox{1, 1}.normal(static_cast<std::uint64_t>(i));
        qkv(0, 0) += push;
        qkv(0, S::width) += push;     // its key
        qkv(0, 2 * S::width) += push; // its value
    }
    walt::ops::fill(device, bias, 0);
    walt::ops::fill(device, is_image, 0);
    walt::ops::window_attention<S>(device, qkv, walt::none{}, walt::none{}, bias, is_image, out, lse);
    if constexpr (std::remove_reference_t<decltype(device)>::has_data) return out(S::per_frame - 1, 0);
    else return 0;
}

int main() try {
    walt::cpu::context device;
    const bool apart = attend<4>(device, 0) == attend<4>(device, 3);    // in windows of 4 x 4 the two are apart
    const bool together = attend<8>(device, 0) != attend<8>(device, 3); // in one of 4 x 8 they are not
    walt::meta::context small, large;
    attend<4>(small, 0);
    attend<8>(large, 0);
    fmt::print("far tokens matter: {} with windows 2x4x4, {} with 2x4x8; {:.0f} and {:.0f} FLOPs\n",
               apart ? "no" : "yes", together ? "yes" : "no", small.flops, large.flops);
    return apart && together && large.flops == 2 * small.flops ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
