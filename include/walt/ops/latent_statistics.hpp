// Statistics of latent frames, which the decoder's adaptive norms look at, and the latent's normalisation
// (docs/model.md 3).
//   z [B, f, h, w, c] (A)   mean, deviation [B f, c] (A): of each channel over h and w, deviation = sqrt(variance +
//   1e-6)
#pragma once

#include "../core/video.hpp"
#include "rules.hpp"

namespace walt {

namespace rules {
template <class Z, class Mean>
void statistic_sizes(const Z& z, const Mean& mean, const Mean& deviation, const char* op) {
    const std::int64_t frames = z.extent(0) * z.extent(1);
    require(frames == mean.extent(0), "{}: the frames of z and the rows of mean must be equal; they are {} and {}", op,
            frames, mean.extent(0));
    require(frames == deviation.extent(0),
            "{}: the frames of z and the rows of deviation must be equal; they are {} and {}", op, frames,
            deviation.extent(0));
}
} // namespace rules

namespace ops {

inline constexpr double latent_epsilon = 1e-6; // docs/model.md 3, adanorm

template <class... T> void latent_statistics_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no statistics of latents (latent_statistics_on) for operands of these types");
}
/// mean and deviation of every frame and channel; the variance is over all positions (divided by their number).
template <context Context, class Z, class Mean> void latent_statistics(Context& ctx, Z z, Mean mean, Mean deviation) {
    if constexpr (rules::same_width<Z, 4, Mean, 1>) {
        rules::statistic_sizes(z, mean, deviation, "ops::latent_statistics");
        latent_statistics_on(ctx, z.read(), mean, deviation);
    }
}

template <class... T> void latent_statistics_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no gradient of the statistics of latents "
                                           "(latent_statistics_grad_on) for operands of these types");
}
/// dz += the gradient through both.
template <context Context, class Z, class Mean, class DMean, class DZ>
void latent_statistics_grad(Context& ctx, Z z, Mean mean, Mean deviation, DMean dmean, DMean ddeviation, DZ dz) {
    if constexpr (rules::same_width<Z, 4, Mean, 1> && rules::same_width<Z, 4, DMean, 1> &&
                  rules::same_width<Z, 4, DZ, 4>) {
        rules::statistic_sizes(z, mean, deviation, "ops::latent_statistics_grad");
        rules::equal_rows(mean, dmean, "ops::latent_statistics_grad: the rows of mean and of dmean");
        rules::equal_rows(deviation, ddeviation,
                          "ops::latent_statistics_grad: the rows of deviation and of ddeviation");
        rules::equal_videos(z, dz, "ops::latent_statistics_grad", "z", "dz");
        latent_statistics_grad_on(ctx, z.read(), mean.read(), deviation.read(), dmean.read(), ddeviation.read(), dz);
    }
}

template <class... T> void normalise_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no normalisation of latents (normalise_on) for operands of these types");
}
/// y = (x - mean) / deviation by channel, mean and deviation [c]. y may be x.
template <context Context, class X, class Mean, class Y>
void normalise(Context& ctx, X x, Mean mean, Mean deviation, Y y) {
    if constexpr (rules::same_width<X, 4, Mean, 0> && rules::same_width<X, 4, Y, 4>) {
        rules::equal_videos(x, y, "ops::normalise", "x", "y");
        normalise_on(ctx, x.read(), mean.read(), deviation.read(), y);
    }
}

template <class... T> void denormalise_on(rules::any_context, ...) {
    static_assert(
        rules::device_has<T...>,
        "this device does not undo the normalisation of latents (denormalise_on) for operands of these types");
}
/// y = x deviation + mean by channel: the inverse. y may be x.
template <context Context, class X, class Mean, class Y>
void denormalise(Context& ctx, X x, Mean mean, Mean deviation, Y y) {
    if constexpr (rules::same_width<X, 4, Mean, 0> && rules::same_width<X, 4, Y, 4>) {
        rules::equal_videos(x, y, "ops::denormalise", "x", "y");
        denormalise_on(ctx, x.read(), mean.read(), deviation.read(), y);
    }
}

} // namespace ops
} // namespace walt
