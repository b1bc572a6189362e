// CUDA: patches in token order; a thread per element of the latent, neighbours along a token's vector.
#pragma once

#include "../patches.hpp"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {

/// The element i of (frame, token, row in patch, column in patch, channel): where it is in the latent and in the
/// tokens.
template <class Order, int P> struct patch_place {
    std::int64_t channels, latent_width, token_channels, first;
    struct pair {
        std::int64_t frame, latent, token;
    };
    __device__ pair operator()(std::int64_t i) const {
        const std::int64_t c = i % channels, pixel = i / channels, token = pixel / (P * P);
        const int x = static_cast<int>(pixel % P), y = static_cast<int>(pixel / P % P),
                  n = static_cast<int>(token % Order::tokens);
        const std::int64_t frame = token / Order::tokens;
        return {frame,
                ((frame * Order::height * P + Order::row(n) * P + y) * latent_width + Order::column(n) * P + x) *
                        channels +
                    c,
                pixel * token_channels + first + c};
    }
};

/// Copies each element with a factor a frame (nullptr for 1); ToTokens says which way.
template <bool ToTokens, class Order, int P, class From, class Scale, class To> struct copy_patches {
    patch_place<Order, P> place;
    const From* from;
    const Scale* scale;
    To* to;
    __device__ void operator()(std::int64_t i) const {
        const auto at = place(i);
        const float factor = scale ? static_cast<float>(scale[at.frame]) : 1.0f;
        to[ToTokens ? at.token : at.latent] =
            static_cast<To>(static_cast<float>(from[ToTokens ? at.latent : at.token]) * factor);
    }
};

template <class T, class Value> struct constant_channel {
    const Value* value;
    std::int64_t pixels, channels, channel; // pixels of a frame's tokens
    T* tokens;
    __device__ void operator()(std::int64_t i) const {
        tokens[i * channels + channel] = static_cast<T>(static_cast<float>(value[i / pixels]));
    }
};

template <bool ToTokens, class Order, int P, class Latent, class Scale, class From, class To>
void copy_all_patches(context& ctx, const char* what, const Latent& shape, Scale scale, std::int64_t token_width,
                      int first, const From* from, To* to) {
    const float* factor = nullptr;
    if constexpr (!is_none<Scale>) factor = scale.data();
    const patch_place<Order, P> place{shape.extent(4), shape.extent(3), token_width / (P * P), first};
    each(ctx, what, shape.size(), copy_patches<ToTokens, Order, P, From, float, To>{place, from, factor, to});
}
} // namespace detail

template <class Order, int P, class Latent, class Scale, class Tokens>
void patchify_on(context& ctx, Latent latent, Scale scale, Tokens tokens, int first) {
    detail::copy_all_patches<true, Order, P>(ctx, "ops::patchify", latent, scale, tokens.extent(1), first,
                                             latent.data(), tokens.data());
}

template <class Order, int P, class Value, class Tokens>
void patchify_constant_on(context& ctx, Value value, Tokens tokens, int channel) {
    const std::int64_t channels = tokens.extent(1) / (P * P);
    each(ctx, "ops::patchify_constant", tokens.size() / channels,
         detail::constant_channel<typename Tokens::element, std::remove_const_t<typename Value::element>>{
             value.data(), std::int64_t{Order::tokens} * P * P, channels, channel, tokens.data()});
}

template <class Order, int P, class Tokens, class Scale, class Latent>
void unpatchify_on(context& ctx, Tokens tokens, int first, Scale scale, Latent latent) {
    detail::copy_all_patches<false, Order, P>(ctx, "ops::unpatchify", latent, scale, tokens.extent(1), first,
                                              tokens.data(), latent.data());
}

} // namespace walt::cuda
