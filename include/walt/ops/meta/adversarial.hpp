// Meta: what the losses of a critic's answers cost.
#pragma once

#include "../adversarial.hpp"
#include "context.hpp"

namespace walt::meta {

template <class X, class Loss, class DX> void softplus_loss_on(context& ctx, X logits, int, Loss loss, DX dlogits) {
    ctx.count(0, logits, loss, dlogits);
}
template <class X, class Y, class Averages, class Means, class Loss, class DX, class DY>
void lecam_on(context& ctx, X real, Y fake, Averages averages, Means means, Loss loss, DX dreal, DY dfake) {
    ctx.count(0, real, fake, averages, means, loss, dreal, dfake);
}

} // namespace walt::meta
