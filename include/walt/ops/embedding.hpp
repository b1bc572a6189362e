// Tables and codes that are added: position tables, rows looked up by an index, the sinusoidal code of a diffusion step
// (docs/model.md 1.3, 1.4).
// An index lies in the device's memory, where a front cannot look without waiting: a row outside of its table is the
// caller's fault. The reference and the CPU find it.
#pragma once

#include "rules.hpp"

namespace walt {

namespace rules {
/// h, and the position tables of a grid, as far as they are there.
template <class Order, class H, class Space, class Time>
inline constexpr bool position_shapes =
    same_width<H, 1, Space, 1>&& same_width<H, 1, Time, 1>&& is<Space, 0, Order::tokens>;

template <class Order, class H, class Space, class Images>
void position_sizes(const H& h, const Space& space, std::int64_t frames, const Images& is_image, const char* op) {
    if constexpr (!is_none<Space>)
        require(space.extent(0) == Order::tokens,
                "{}: the rows of pos_space and the tokens of a frame must be equal; they are {} and {}", op,
                space.extent(0), Order::tokens);
    require(h.extent(0) == is_image.extent(0) * frames * Order::tokens,
            "{}: {} samples of {} frames (rows of pos_time) of {} tokens are {} rows, and h has {}", op,
            is_image.extent(0), frames, Order::tokens, is_image.extent(0) * frames * Order::tokens, h.extent(0));
}
} // namespace rules

namespace ops {

template <class Order, class... T> void add_positions_on(rules::any_context, ...) {
    static_assert(rules::device_has<Order, T...>,
                  "this device has no position tables (add_positions_on) for operands of these types");
}
/// h [B F N, D] += pos_space [N, D] (rows row-major) + pos_time [F, D]; every frame of an image sample (is_image [B])
/// uses pos_time[0].
template <class Order, context Context, class H, class Space, class Time, class Images>
void add_positions(Context& ctx, H h, Space pos_space, Time pos_time, Images is_image) {
    if constexpr (rules::position_shapes<Order, H, Space, Time>) {
        rules::position_sizes<Order>(h, pos_space, pos_time.extent(0), is_image, "ops::add_positions");
        add_positions_on<Order>(ctx, h, pos_space.read(), pos_time.read(), is_image.read());
    }
}

template <class Order, class... T> void add_positions_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<Order, T...>,
                  "this device has no gradient of position tables (add_positions_grad_on) for operands of these types");
}
/// dpos_space and dpos_time are added to; either may be unwanted (rules::wanted).
template <class Order, context Context, class DH, class Images, class DSpace, class DTime>
void add_positions_grad(Context& ctx, DH dh, Images is_image, DSpace dpos_space, DTime dpos_time) {
    if constexpr (rules::position_shapes<Order, DH, DSpace, DTime>) {
        using A = typename DH::element;
        constexpr int D = DH::static_extent(1);
        const std::int64_t samples = is_image.extent(0) > 0 ? is_image.extent(0) : 1;
        const view<A, dynamic, D> any_time(nullptr, dh.extent(0) / Order::tokens / samples);
        std::int64_t frames = any_time.extent(0);
        if constexpr (!is_none<DTime>) frames = dpos_time.extent(0);
        rules::position_sizes<Order>(dh, dpos_space, frames, is_image, "ops::add_positions_grad");
        if (!rules::wanted(ctx, dpos_space, dpos_time)) return;
        const arena::scope scope(ctx.arena);
        const auto dspace = rules::or_scratch(ctx, dpos_space, view<A, Order::tokens, D>());
        const auto dtime = rules::or_scratch(ctx, dpos_time, any_time);
        add_positions_grad_on<Order>(ctx, dh.read(), is_image.read(), dspace, dtime);
    }
}

template <class... T> void sinusoid_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no sinusoidal code (sinusoid_on) for operands of these types");
}
/// code [R, 256] = [cos(s f_k), sin(s f_k)], f_k = exp(-ln(10000) k / 128), of the integer step s = step[row /
/// rows_a_step].
template <context Context, class Step, class Code> void sinusoid(Context& ctx, Step step, int rows_a_step, Code code) {
    if constexpr (rules::known<Code, 1>) {
        require(rows_a_step >= 1, "ops::sinusoid: a step has {} rows; it must have one or more", rows_a_step);
        rules::equal(step.extent(0) * rows_a_step, code.extent(0),
                     "ops::sinusoid: the steps, repeated, and the rows of the code");
        sinusoid_on(ctx, step.read(), rows_a_step, code);
    }
}

template <class... T> void add_rows_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no look-up of rows (add_rows_on) for operands of these types");
}
/// e [R, D] += table[index[row]], table [n, D], index [R].
template <context Context, class Table, class Index, class E>
void add_rows(Context& ctx, Table table, Index index, E e) {
    if constexpr (rules::same_width<Table, 1, E, 1>) {
        rules::equal_rows(index, e, "ops::add_rows: the sizes of index and the rows of e");
        add_rows_on(ctx, table.read(), index.read(), e);
    }
}

template <class... T> void add_rows_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no gradient of looked-up rows (add_rows_grad_on) for operands of these types");
}
/// dtable[index[row]] += de[row], in row order; it may be unwanted (rules::wanted).
template <context Context, class DE, class Index, class DTable>
void add_rows_grad(Context& ctx, DE de, Index index, DTable dtable) {
    if constexpr (rules::same_width<DE, 1, DTable, 1>) {
        rules::equal_rows(index, de, "ops::add_rows_grad: the sizes of index and the rows of de");
        if constexpr (!is_none<DTable>)
            if (rules::wanted(ctx, dtable)) add_rows_grad_on(ctx, de.read(), index.read(), dtable);
    }
}

template <class... T> void valid_rows_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no choice of valid rows (valid_rows_on) for operands of these types");
}
/// y[row] = x[row] where valid[row], else absent: x, y [R, D], valid [R], absent [D]. y may be x.
template <context Context, class X, class Valid, class Absent, class Y>
void valid_rows(Context& ctx, X x, Valid valid, Absent absent, Y y) {
    if constexpr (rules::same_width<X, 1, Y, 1> && rules::same_width<X, 1, Absent, 0>) {
        rules::equal_rows(valid, x, "ops::valid_rows: the sizes of valid and the rows of x");
        rules::equal_rows(x, y, "ops::valid_rows: the rows of x and of y");
        valid_rows_on(ctx, x.read(), valid.read(), absent.read(), y);
    }
}

template <class... T> void valid_rows_grad_on(rules::any_context, ...) {
    static_assert(rules::device_has<T...>,
                  "this device has no gradient of valid rows (valid_rows_grad_on) for operands of these types");
}
/// dx[row] = dy[row] where valid[row], else 0; dabsent += the other rows of dy, in their order. Neither needs be
/// wanted.
template <context Context, class DY, class Valid, class DX, class DAbsent>
void valid_rows_grad(Context& ctx, DY dy, Valid valid, DX dx, DAbsent dabsent) {
    if constexpr (rules::same_width<DY, 1, DX, 1> && rules::same_width<DY, 1, DAbsent, 0>) {
        rules::equal_rows(valid, dy, "ops::valid_rows_grad: the sizes of valid and the rows of dy");
        rules::equal_rows(dy, dx, "ops::valid_rows_grad: the rows of dy and of dx");
        if (!rules::wanted(ctx, dx, dabsent)) return;
        using A = typename DY::element;
        constexpr int D = DY::static_extent(1);
        const arena::scope scope(ctx.arena);
        valid_rows_grad_on(ctx, dy.read(), valid.read(),
                           rules::or_scratch(ctx, dx, view<A, dynamic, D>(nullptr, dy.extent(0))),
                           rules::or_scratch(ctx, dabsent, view<A, D>()));
    }
}

} // namespace ops
} // namespace walt
