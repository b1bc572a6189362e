// Tables and codes that are added: position tables, rows looked up by an index, the sinusoidal code of a diffusion step
// (spec 1.3, 1.4).
#pragma once

#include "rules.hpp"

namespace walt::ops {

/// h [B F N, D] += pos_space [N, D] (rows row-major) + pos_time [F, D]; every frame of an image sample uses
/// pos_time[0].
template <class Order, class Context, class H, class Space, class Time, class Images>
void add_positions(Context& ctx, H h, Space pos_space, Time pos_time, Images is_image) {
    if constexpr (rules::agree<H, 1, Space, 1> && rules::agree<H, 1, Time, 1>)
        add_positions_on<Order>(ctx, h, pos_space.read(), pos_time.read(), is_image.read());
}

/// dpos_space and dpos_time are added to.
template <class Order, class Context, class DH, class Images, class DSpace, class DTime>
void add_positions_grad(Context& ctx, DH dh, Images is_image, DSpace dpos_space, DTime dpos_time) {
    add_positions_grad_on<Order>(ctx, dh.read(), is_image.read(), dpos_space, dpos_time);
}

/// code [R, 256] = [cos(s f_k), sin(s f_k)], f_k = exp(-ln(10000) k / 128), of the integer step s = step[row / repeat].
template <class Context, class Step, class Code> void sinusoid(Context& ctx, Step step, int repeat, Code code) {
    rules::equal(step.extent(0) * repeat, code.extent(0),
                 "ops::sinusoid: the steps, repeated, and the rows of the code");
    sinusoid_on(ctx, step.read(), repeat, code);
}

/// e [R, D] += table[index[row]].
template <class Context, class Table, class Index, class E> void add_rows(Context& ctx, Table table, Index index, E e) {
    if constexpr (rules::agree<Table, 1, E, 1>) add_rows_on(ctx, table.read(), index.read(), e);
}

/// dtable[index[row]] += de[row], in row order.
template <class Context, class DE, class Index, class DTable>
void add_rows_grad(Context& ctx, DE de, Index index, DTable dtable) {
    add_rows_grad_on(ctx, de.read(), index.read(), dtable);
}

} // namespace walt::ops
