// Between latents and tokens: patches of the model's inputs are cut out and put in token order, and back
// (spec 1.3, 1.6).
//   latent [B, F, H, W, C] (A)    tokens [B F N, P P Cin]: vector order (row in patch, column in patch, channel)
// Order is the token_order of the grid (H / P) x (W / P). Sources are concatenated on channels: each call fills the
// channels [first, first + C) of Cin. frame_scale [B F] multiplies a frame (none{} for 1).
#pragma once

#include "rules.hpp"

namespace walt::ops {

/// tokens[..., first + c] = frame_scale latent[..., c].
template <class Order, int P, class Context, class Latent, class Scale, class Tokens>
void patchify(Context& ctx, Latent latent, Scale frame_scale, Tokens tokens, int first) {
    rules::equal(latent.extent(0) * latent.extent(1) * Order::tokens, tokens.extent(0),
                 "ops::patchify: the tokens of the latent and the rows of tokens");
    patchify_on<Order, P>(ctx, latent.read(), frame_scale.read(), tokens, first);
}

/// tokens[..., channel] = frame_value [B F].
template <class Order, int P, class Context, class Value, class Tokens>
void patchify_constant(Context& ctx, Value frame_value, Tokens tokens, int channel) {
    rules::equal(frame_value.extent(0) * Order::tokens, tokens.extent(0),
                 "ops::patchify_constant: the tokens of all frames and the rows of tokens");
    patchify_constant_on<Order, P>(ctx, frame_value.read(), tokens, channel);
}

/// latent[..., c] = frame_scale tokens[..., first + c]: the inverse of patchify, and its gradient.
template <class Order, int P, class Context, class Tokens, class Scale, class Latent>
void unpatchify(Context& ctx, Tokens tokens, int first, Scale frame_scale, Latent latent) {
    rules::equal(latent.extent(0) * latent.extent(1) * Order::tokens, tokens.extent(0),
                 "ops::unpatchify: the tokens of the latent and the rows of tokens");
    unpatchify_on<Order, P>(ctx, tokens.read(), first, frame_scale.read(), latent);
}

} // namespace walt::ops
