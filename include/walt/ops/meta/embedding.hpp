// Meta: what embeddings cost.
#pragma once

#include "../embedding.hpp"
#include "context.hpp"

namespace walt::meta {

template <class Order, class H, class Space, class Time, class Images>
void add_positions_on(context& ctx, H h, Space space, Time time, Images) {
    ctx.count(0, h, h, space, time);
}
template <class Order, class DH, class Images, class DSpace, class DTime>
void add_positions_grad_on(context& ctx, DH dh, Images, DSpace dspace, DTime dtime) {
    ctx.count(0, dh, dspace, dtime);
    ctx.take_for_a_while(dh.size() / Order::tokens); // a sum a frame
}
template <class Step, class Code> void sinusoid_on(context& ctx, Step step, int, Code code) {
    ctx.count(0, step, code);
}
template <class Table, class Index, class E> void add_rows_on(context& ctx, Table, Index, E e) {
    ctx.count(0, e, e, e);
}
template <class DE, class Index, class DTable> void add_rows_grad_on(context& ctx, DE de, Index, DTable) {
    ctx.count(0, de, de, de);
}

template <class X, class Valid, class Absent, class Y>
void valid_rows_on(context& ctx, X x, Valid, Absent absent, Y y) {
    ctx.count(0, x, absent, y);
}
template <class DY, class Valid, class DX, class DAbsent>
void valid_rows_grad_on(context& ctx, DY dy, Valid, DX dx, DAbsent dabsent) {
    ctx.count(0, dy, dx, dabsent);
}

} // namespace walt::meta
