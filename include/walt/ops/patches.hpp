// Between latents and tokens: patches of the model's inputs are cut out and put in token order, and back
// (docs/model.md 1.3, 1.6).
//   latent [B, F, H, W, C] (A)    tokens [B F N, P P Cin]: vector order (row in patch, column in patch, channel)
// Order is the token_order of the grid (H / P) x (W / P). Sources are concatenated on channels: each call fills the
// channels [first, first + C) of Cin. frame_scale [B F] multiplies a frame (none{} for 1).
#pragma once

#include "rules.hpp"

namespace walt {

namespace rules {
template <int Width, int Patch> constexpr bool patches_fill_tokens() {
    constexpr bool holds = Patch > 0 && Width > 0 && Width % (Patch > 0 ? Patch * Patch : 1) == 0;
    static_assert(holds,
                  "the width of a token must be a multiple of the elements of a patch (width == P * P * channels)");
    return holds;
}
template <class Tokens, int P>
inline constexpr bool token_shapes = known<Tokens, 1>&& patches_fill_tokens<Tokens::static_extent(1), P>();

template <class Order, int P, class Latent, class Scale, class Tokens>
void patch_sizes(const Latent& latent, const Scale& scale, const Tokens& tokens, int first, const char* op) {
    const std::int64_t frames = latent.extent(0) * latent.extent(1), channels = tokens.extent(1) / (P * P);
    require(latent.extent(2) == Order::height * P && latent.extent(3) == Order::width * P,
            "{}: a grid of {} x {} patches of side {} is {} x {}, and the latent is {} x {}", op, Order::height,
            Order::width, P, Order::height * P, Order::width * P, latent.extent(2), latent.extent(3));
    require(frames * Order::tokens == tokens.extent(0),
            "{}: the tokens of the latent and the rows of tokens must be equal; they are {} and {}", op,
            frames * Order::tokens, tokens.extent(0));
    require(first >= 0 && first + latent.extent(4) <= channels,
            "{}: the latent's {} channels from channel {} on do not fit the {} channels of a token", op,
            latent.extent(4), first, channels);
    if constexpr (!is_none<Scale>)
        require(scale.extent(0) == frames,
                "{}: the sizes of frame_scale and the frames of the latent must be equal; they are {} and {}", op,
                scale.extent(0), frames);
}
} // namespace rules

namespace ops {

template <class Order, int P, class... T> void patchify_on(rules::any_context, ...) {
    static_assert(rules::device_has<Order, T...>,
                  "this device cuts no patches (patchify_on) of operands of these types");
}
/// tokens[..., first + c] = frame_scale latent[..., c].
template <class Order, int P, context Context, class Latent, class Scale, class Tokens>
void patchify(Context& ctx, Latent latent, Scale frame_scale, Tokens tokens, int first) {
    if constexpr (rules::token_shapes<Tokens, P>) {
        rules::patch_sizes<Order, P>(latent, frame_scale, tokens, first, "ops::patchify");
        patchify_on<Order, P>(ctx, latent.read(), frame_scale.read(), tokens, first);
    }
}

template <class Order, int P, class... T> void patchify_constant_on(rules::any_context, ...) {
    static_assert(rules::device_has<Order, T...>,
                  "this device has no constant patches (patchify_constant_on) for operands of these types");
}
/// tokens[..., channel] = frame_value [B F].
template <class Order, int P, context Context, class Value, class Tokens>
void patchify_constant(Context& ctx, Value frame_value, Tokens tokens, int channel) {
    if constexpr (rules::token_shapes<Tokens, P>) {
        rules::equal(frame_value.extent(0) * Order::tokens, tokens.extent(0),
                     "ops::patchify_constant: the tokens of all frames and the rows of tokens");
        require(channel >= 0 && channel < tokens.extent(1) / (P * P),
                "ops::patchify_constant: there is no channel {} in the {} channels of a token", channel,
                tokens.extent(1) / (P * P));
        patchify_constant_on<Order, P>(ctx, frame_value.read(), tokens, channel);
    }
}

template <class Order, int P, class... T> void unpatchify_on(rules::any_context, ...) {
    static_assert(rules::device_has<Order, T...>,
                  "this device puts no patches back (unpatchify_on) of operands of these types");
}
/// latent[..., c] = frame_scale tokens[..., first + c]: the inverse of patchify, and its gradient.
template <class Order, int P, context Context, class Tokens, class Scale, class Latent>
void unpatchify(Context& ctx, Tokens tokens, int first, Scale frame_scale, Latent latent) {
    if constexpr (rules::token_shapes<Tokens, P>) {
        rules::patch_sizes<Order, P>(latent, frame_scale, tokens, first, "ops::unpatchify");
        unpatchify_on<Order, P>(ctx, tokens.read(), first, frame_scale.read(), latent);
    }
}

} // namespace ops
} // namespace walt
