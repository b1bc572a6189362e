// Reference: patches in token order, one element at a time.
#pragma once

#include "../patches.hpp"
#include "context.hpp"

namespace walt::reference::inline WALT_INSTRUCTION_SET {

namespace detail {
/// Calls visit(token row, element of its vector, element of the latent) for every element of a [B, F, H, W, C] latent.
template <class Order, int P, class Latent, class Visit>
void each_patch_element(const Latent& latent, int token_channels, int first, Visit&& visit) {
    const int channels = static_cast<int>(latent.extent(4));
    const std::int64_t frames = latent.extent(0) * latent.extent(1);
    for (std::int64_t f = 0; f < frames; ++f)
        for (int n = 0; n < Order::tokens; ++n)
            for (int y = 0; y < P; ++y)
                for (int x = 0; x < P; ++x)
                    for (int c = 0; c < channels; ++c)
                        visit(f, f * Order::tokens + n, (y * P + x) * token_channels + first + c,
                              ((f * latent.extent(2) + Order::row(n) * P + y) * latent.extent(3) +
                               Order::column(n) * P + x) *
                                      channels +
                                  c);
}
template <class Scale> auto scale_of(const Scale& scale, std::int64_t frame) {
    if constexpr (is_none<Scale>) return 1;
    else return scale(frame);
}
} // namespace detail

template <class Order, int P, class Latent, class Scale, class Tokens>
void patchify_on(context&, Latent latent, Scale scale, Tokens tokens, int first) {
    using T = typename Tokens::element;
    using A = accumulate_t<T>;
    constexpr int width = Tokens::static_extent(1);
    detail::each_patch_element<Order, P>(
        latent, width / (P * P), first, [&](std::int64_t f, std::int64_t row, int e, std::int64_t i) {
            tokens.data()[row * width + e] =
                static_cast<T>(static_cast<A>(latent.data()[i]) * static_cast<A>(detail::scale_of(scale, f)));
        });
}

template <class Order, int P, class Value, class Tokens>
void patchify_constant_on(context&, Value value, Tokens tokens, int channel) {
    using T = typename Tokens::element;
    constexpr int channels = Tokens::static_extent(1) / (P * P);
    for (std::int64_t row = 0; row < tokens.extent(0); ++row)
        for (int p = 0; p < P * P; ++p)
            tokens(row, p * channels + channel) =
                static_cast<T>(static_cast<accumulate_t<T>>(value(row / Order::tokens)));
}

template <class Order, int P, class Tokens, class Scale, class Latent>
void unpatchify_on(context&, Tokens tokens, int first, Scale scale, Latent latent) {
    using A = typename Latent::element;
    constexpr int width = Tokens::static_extent(1);
    detail::each_patch_element<Order, P>(latent, width / (P * P), first,
                                         [&](std::int64_t f, std::int64_t row, int e, std::int64_t i) {
                                             latent.data()[i] = static_cast<A>(tokens.data()[row * width + e]) *
                                                                static_cast<A>(detail::scale_of(scale, f));
                                         });
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
