// The arithmetic of a diffusion step on latents: noise, mixtures with one pair of coefficients a frame, the loss.
//   latents [B, F, ...] (A), seen as [B F] frames of equal size
#pragma once

#include "../core/philox.hpp"
#include "rules.hpp"

namespace walt::ops {

/// out = a[frame] x + b[frame] y. Noising, v, x0 and the noise estimate are all of this form (spec 2). out may be x or
/// y.
template <class Context, class A1, class X, class B1, class Y, class Out>
void frame_blend(Context& ctx, A1 a, X x, B1 b, Y y, Out out) {
    rules::equal(x.size(), y.size(), "ops::frame_blend: the sizes of x and of y");
    rules::equal(x.size(), out.size(), "ops::frame_blend: the sizes of x and of out");
    rules::equal(a.extent(0), b.extent(0), "ops::frame_blend: the frames of a and of b");
    frame_blend_on(ctx, a.read(), x.read(), b.read(), y.read(), out);
}

/// out[i] = table[index[i]]: a schedule's value at each frame's step.
template <class Context, class Table, class Index, class Out>
void lookup(Context& ctx, Table table, Index index, Out out) {
    rules::equal(index.extent(0), out.extent(0), "ops::lookup: the sizes of index and of out");
    lookup_on(ctx, table.read(), index.read(), out);
}

/// out[i] = standard normal number first + i of the sequence; the same on every device.
template <class Context, class Out> void normal(Context& ctx, philox sequence, Out out) {
    normal_on(ctx, sequence, out);
}

/// out = guided + share (guided std(conditional) / std(guided) - guided), the stds over each sample: keeps guidance
/// from washing out contrast (Lin et al., sec. 3.4). out may be guided.
template <class Context, class X, class Y, class Out>
void rescale_std(Context& ctx, X conditional, Y guided, double share, Out out) {
    rules::equal(conditional.size(), guided.size(), "ops::rescale_std: the sizes of conditional and of guided");
    rescale_std_on(ctx, conditional.read(), guided.read(), share, out);
}

/// loss [1] = sum w[frame] (x - y)^2 / (sum w[frame] * elements a frame), and dx = d loss / d x. 0 where all w are 0.
template <class Context, class X, class Y, class W, class Loss, class DX>
void square_error(Context& ctx, X x, Y y, W frame_weight, Loss loss, DX dx) {
    rules::equal(x.size(), y.size(), "ops::square_error: the sizes of x and of y");
    square_error_on(ctx, x.read(), y.read(), frame_weight.read(), loss, dx);
}

} // namespace walt::ops
