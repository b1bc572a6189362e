// Meta: what patches cost.
#pragma once

#include "../patches.hpp"
#include "context.hpp"

namespace walt::meta {

template <class Order, int P, class Latent, class Scale, class Tokens>
void patchify_on(context& ctx, Latent latent, Scale, Tokens, int) {
    ctx.count(0, latent, latent);
}
template <class Order, int P, class Value, class Tokens>
void patchify_constant_on(context& ctx, Value value, Tokens, int) {
    ctx.count(0, value);
}
template <class Order, int P, class Tokens, class Scale, class Latent>
void unpatchify_on(context& ctx, Tokens, int, Scale, Latent latent) {
    ctx.count(0, latent, latent);
}

} // namespace walt::meta
