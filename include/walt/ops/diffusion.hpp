// The arithmetic of a diffusion step on latents: noise, mixtures with one pair of coefficients a frame, the loss.
//   latents [B, F, ...] (A), seen as [B F] frames of equal size
#pragma once

#include "../core/philox.hpp"
#include "rules.hpp"

namespace walt::ops {

template <class... T> void frame_blend_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no blend of frames (frame_blend_on) for operands of these types");
}
/// out = a[frame] x + b[frame] y. Noising, v, x0 and the noise estimate are all of this form (docs/model.md 2). out may
/// be x or y.
template <context Context, class A1, class X, class B1, class Y, class Out>
void frame_blend(Context& ctx, A1 a, X x, B1 b, Y y, Out out) {
    rules::equal_sizes(x, y, "ops::frame_blend: the sizes of x and of y");
    rules::equal_sizes(x, out, "ops::frame_blend: the sizes of x and of out");
    rules::equal_rows(a, b, "ops::frame_blend: the frames of a and of b");
    rules::whole_frames(a.extent(0), x.size(), "ops::frame_blend: the frames of a and the size of x");
    frame_blend_on(ctx, a.read(), x.read(), b.read(), y.read(), out);
}

template <class... T> void lookup_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no look-up (lookup_on) for operands of these types");
}
/// out[i] = table[index[i]]: a schedule's value at each frame's step. The index lies in the device's memory, so that it
/// is inside of the table is up to the caller; the reference and the CPU check it.
template <context Context, class Table, class Index, class Out>
void lookup(Context& ctx, Table table, Index index, Out out) {
    rules::equal_sizes(index, out, "ops::lookup: the sizes of index and of out");
    lookup_on(ctx, table.read(), index.read(), out);
}

template <class... T> void normal_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>, "this device has no normal numbers (normal_on) of this type");
}
/// out[i] = standard normal number first + i of the sequence; the same on every device.
template <context Context, class Out> void normal(Context& ctx, philox sequence, Out out) {
    normal_on(ctx, sequence, out);
}

template <class... T> void rescale_std_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device does not rescale deviations (rescale_std_on) of operands of these types");
}
/// out = guided + share (guided std(conditional) / std(guided) - guided), the stds over each sample (entry of the
/// outermost axis), of its frames as much as frame_weight [B F] says: keeps guidance from washing out contrast (Lin et
/// al., sec. 3.4). A sample whose weights are all 0 stays. out may be guided.
template <context Context, class X, class Y, class W, class Out>
void rescale_std(Context& ctx, X conditional, Y guided, double share, W frame_weight, Out out) {
    rules::equal_rows(conditional, guided, "ops::rescale_std: the samples of conditional and of guided");
    rules::equal_sizes(conditional, guided, "ops::rescale_std: the sizes of conditional and of guided");
    rules::equal_sizes(guided, out, "ops::rescale_std: the sizes of guided and of out");
    rules::whole_frames(guided.extent(0), frame_weight.size(),
                        "ops::rescale_std: the samples of guided and the size of frame_weight");
    rules::whole_frames(frame_weight.extent(0), guided.size(),
                        "ops::rescale_std: the frames of frame_weight and the size of guided");
    rescale_std_on(ctx, conditional.read(), guided.read(), share, frame_weight.read(), out);
}

template <class... T> void square_error_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no square error (square_error_on) for operands of these types");
}
/// loss [1] = sum w[frame] (x - y)^2 / (sum w[frame] * elements a frame), and dx = d loss / d x. 0 where all w are 0.
template <context Context, class X, class Y, class W, class Loss, class DX>
void square_error(Context& ctx, X x, Y y, W frame_weight, Loss loss, DX dx) {
    rules::equal_sizes(x, y, "ops::square_error: the sizes of x and of y");
    rules::equal_sizes(x, dx, "ops::square_error: the sizes of x and of dx");
    rules::whole_frames(frame_weight.extent(0), x.size(),
                        "ops::square_error: the frames of frame_weight and the size of x");
    rules::equal(loss.size(), 1, "ops::square_error: the size of loss and 1");
    square_error_on(ctx, x.read(), y.read(), frame_weight.read(), loss, dx);
}

} // namespace walt::ops
