// Meta: what statistics of latents and their normalisation cost.
#pragma once

#include "../latent_statistics.hpp"
#include "context.hpp"

namespace walt::meta {

template <class Z, class Mean> void latent_statistics_on(context& ctx, Z z, Mean mean, Mean deviation) {
    ctx.count(0, z, mean, deviation);
}
template <class Z, class Mean, class DMean, class DZ>
void latent_statistics_grad_on(context& ctx, Z z, Mean mean, Mean deviation, DMean dmean, DMean ddeviation, DZ dz) {
    ctx.count(0, z, mean, deviation, dmean, ddeviation, dz, dz);
}
template <class X, class Mean, class Y> void normalise_on(context& ctx, X x, Mean mean, Mean deviation, Y y) {
    ctx.count(0, x, mean, deviation, y);
}
template <class X, class Mean, class Y> void denormalise_on(context& ctx, X x, Mean mean, Mean deviation, Y y) {
    ctx.count(0, x, mean, deviation, y);
}

} // namespace walt::meta
