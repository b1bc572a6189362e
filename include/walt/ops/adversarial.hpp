// The losses of a critic's answers (docs/model.md 12): logits [N] (A), one for each clip; terms [1] (A).
#pragma once

#include "rules.hpp"

#include <cmath>

namespace walt {

/// softplus(x) = ln(1 + e^x) and its slope, without overflow.
struct softplus {
    WALT_HD static double value(double x) { return (x > 0 ? x : 0) + std::log1p(std::exp(x > 0 ? -x : x)); }
    WALT_HD static double slope(double x) {
        const double power = std::exp(x > 0 ? -x : x);
        return (x > 0 ? 1 : power) / (1 + power);
    }
};

namespace ops {

template <class... T> void softplus_loss_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no non-saturating loss (softplus_loss_on) for operands of these types");
}
/// loss = mean softplus(sign logits), and dlogits is its gradient. sign -1 asks for large logits (real clips, and what
/// the generator wants of its own), +1 for small ones.
template <context Context, class X, class Loss, class DX>
void softplus_loss(Context& ctx, X logits, int sign, Loss loss, DX dlogits) {
    rules::equal_sizes(logits, dlogits, "ops::softplus_loss: the sizes of logits and of dlogits");
    rules::equal(loss.size(), 1, "ops::softplus_loss: the size of loss and 1");
    softplus_loss_on(ctx, logits.read(), sign, loss, dlogits);
}

template <class... T> void lecam_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no LeCam term (lecam_on) for operands of these types");
}
/// loss = relu(mean real - averages[1])^2 + relu(averages[0] - mean fake)^2 (Tseng et al., "Regularizing GANs under
/// limited data"), dreal and dfake are its gradients, means [2] the two means. averages [2]: of the mean logits of real
/// and of fake clips over the steps before.
template <context Context, class X, class Y, class Averages, class Means, class Loss, class DX, class DY>
void lecam(Context& ctx, X real, Y fake, Averages averages, Means means, Loss loss, DX dreal, DY dfake) {
    rules::equal_sizes(real, dreal, "ops::lecam: the sizes of real and of dreal");
    rules::equal_sizes(fake, dfake, "ops::lecam: the sizes of fake and of dfake");
    rules::equal(averages.size(), 2, "ops::lecam: the size of averages and 2");
    rules::equal(means.size(), 2, "ops::lecam: the size of means and 2");
    rules::equal(loss.size(), 1, "ops::lecam: the size of loss and 1");
    lecam_on(ctx, real.read(), fake.read(), averages.read(), means, loss, dreal, dfake);
}

} // namespace ops
} // namespace walt
