// The arithmetic of a diffusion step on latents: noise, mixtures with one pair of coefficients a frame, the loss.
//   latents [B, F, ...] (A), seen as [B F] frames of equal size
#pragma once

#include "../core/philox.hpp"
#include "rules.hpp"

namespace walt::ops {

/// out = a[frame] x + b[frame] y. Noising, v, x0 and the noise estimate are all of this form (spec 2). out may be x or y.
template <class Context, class A1, class X, class B1, class Y, class Out>
void frame_blend(Context& ctx, A1 a, X x, B1 b, Y y, Out out) {
    rules::equal(x.size(), y.size(), "ops::frame_blend: the sizes of x and of y");
    rules::equal(x.size(), out.size(), "ops::frame_blend: the sizes of x and of out");
    rules::equal(a.extent(0), b.extent(0), "ops::frame_blend: the frames of a and of b");
    frame_blend_on(ctx, a.read(), x.read(), b.read(), y.read(), out);
}

/// out[i] = standard normal number first + i of the sequence; the same on every device.
template <class Context, class Out> void normal(Context& ctx, philox sequence, Out out) { normal_on(ctx, sequence, out); }

/// loss [1] = sum w[frame] (x - y)^2 / (sum w[frame] * elements a frame), and dx = d loss / d x. 0 where all w are 0.
template <class Context, class X, class Y, class W, class Loss, class DX>
void square_error(Context& ctx, X x, Y y, W frame_weight, Loss loss, DX dx) {
    rules::equal(x.size(), y.size(), "ops::square_error: the sizes of x and of y");
    square_error_on(ctx, x.read(), y.read(), frame_weight.read(), loss, dx);
}

} // namespace walt::ops
