// CPU: patches in token order, tokens on all cores.
#pragma once

#include "../reference/patches.hpp"
#include "context.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Calls copy(frame, element of tokens, element of the latent) for every run of C channels of a [B, F, H, W, C] latent.
template <class Order, int P, class Latent, class Copy>
void each_patch_pixel(const Latent& latent, int token_channels, int first, Copy&& copy) {
    const std::int64_t height = latent.extent(2), width = latent.extent(3), channels = latent.extent(4);
    parallel(latent.extent(0) * latent.extent(1) * Order::tokens, 2 * P * P * channels, [&](std::int64_t token) {
        const std::int64_t f = token / Order::tokens;
        const int n = static_cast<int>(token % Order::tokens);
        for (int y = 0; y < P; ++y)
            for (int x = 0; x < P; ++x)
                copy(f, (token * P * P + y * P + x) * token_channels + first,
                     ((f * height + Order::row(n) * P + y) * width + Order::column(n) * P + x) * channels);
    });
}
} // namespace detail

template <class Order, int P, class Latent, class Scale, class Tokens>
void patchify_on(context&, Latent latent, Scale scale, Tokens tokens, int first) {
    using T = typename Tokens::element;
    const std::int64_t channels = latent.extent(4);
    detail::each_patch_pixel<Order, P>(
        latent, Tokens::static_extent(1) / (P * P), first, [&](std::int64_t f, std::int64_t to, std::int64_t from) {
            const float factor = static_cast<float>(reference::detail::scale_of(scale, f));
            for (std::int64_t c = 0; c < channels; ++c)
                tokens.data()[to + c] = static_cast<T>(static_cast<float>(latent.data()[from + c]) * factor);
        });
}

template <class Order, int P, class Tokens, class Scale, class Latent>
void unpatchify_on(context&, Tokens tokens, int first, Scale scale, Latent latent) {
    using T = typename Latent::element;
    const std::int64_t channels = latent.extent(4);
    detail::each_patch_pixel<Order, P>(
        latent, Tokens::static_extent(1) / (P * P), first, [&](std::int64_t f, std::int64_t from, std::int64_t to) {
            const float factor = static_cast<float>(reference::detail::scale_of(scale, f));
            for (std::int64_t c = 0; c < channels; ++c)
                latent.data()[to + c] = static_cast<T>(static_cast<float>(tokens.data()[from + c]) * factor);
        });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
