// Statistics of latent frames, which the decoder's adaptive norms look at, and the latent's normalisation (spec 3).
//   z [B, f, h, w, c] (A)   mean, deviation [B f, c] (A): of each channel over h and w, deviation = sqrt(variance +
//   1e-6)
#pragma once

#include "causal_conv3d.hpp"

namespace walt::ops {

inline constexpr double latent_epsilon = 1e-6; // spec 3, adanorm

/// mean and deviation of every frame and channel; the variance is over all positions (divided by their number).
template <class Context, class Z, class Mean> void latent_statistics(Context& ctx, Z z, Mean mean, Mean deviation) {
    if constexpr (rules::agree<Z, 4, Mean, 1>) {
        rules::equal(z.extent(0) * z.extent(1), mean.extent(0),
                     "ops::latent_statistics: the frames of z and of its means");
        rules::equal(mean.extent(0), deviation.extent(0),
                     "ops::latent_statistics: the frames of mean and of deviation");
        latent_statistics_on(ctx, z.read(), mean, deviation);
    }
}

/// dz += the gradient through both.
template <class Context, class Z, class Mean, class DMean, class DZ>
void latent_statistics_grad(Context& ctx, Z z, Mean mean, Mean deviation, DMean dmean, DMean ddeviation, DZ dz) {
    if constexpr (rules::agree<Z, 4, Mean, 1> && rules::agree<Z, 4, DMean, 1> && rules::agree<Z, 4, DZ, 4>) {
        rules::equal(z.size(), dz.size(), "ops::latent_statistics_grad: the sizes of z and of dz");
        rules::equal(mean.extent(0), dmean.extent(0),
                     "ops::latent_statistics_grad: the frames of mean and of its gradient");
        latent_statistics_grad_on(ctx, z.read(), mean.read(), deviation.read(), dmean.read(), ddeviation.read(), dz);
    }
}

/// y = (x - mean) / deviation by channel, mean and deviation [c]. y may be x.
template <class Context, class X, class Mean, class Y>
void normalise(Context& ctx, X x, Mean mean, Mean deviation, Y y) {
    if constexpr (rules::agree<X, 4, Mean, 0>) {
        rules::equal(x.size(), y.size(), "ops::normalise: the sizes of x and of y");
        normalise_on(ctx, x.read(), mean.read(), deviation.read(), y);
    }
}

/// y = x deviation + mean by channel: the inverse. y may be x.
template <class Context, class X, class Mean, class Y>
void denormalise(Context& ctx, X x, Mean mean, Mean deviation, Y y) {
    if constexpr (rules::agree<X, 4, Mean, 0>) {
        rules::equal(x.size(), y.size(), "ops::denormalise: the sizes of x and of y");
        denormalise_on(ctx, x.read(), mean.read(), deviation.read(), y);
    }
}

} // namespace walt::ops
