// A convolution's operands, and the cpu's passes against the reference's.
#pragma once

#include "../catch.hpp"
#include "operands.hpp"

#include <walt/ops/cpu/conv3d.hpp>
#include <walt/testing/golden.hpp>

/// Operands in T and A, results in U, with normal random values.
template <class T, class U, int I, int O, int Kt, int K> struct conv3d_operands {
    using A = walt::accumulate_t<T>;
    walt::arena memory{walt::allocate_host};
    walt::conv_geometry geometry;
    walt::video_size in, out;
    walt::video_view<T, I> x;
    walt::view<T, O, Kt, K, K, I> w;
    walt::view<A, O> b, db;
    walt::video_view<U, O> y;
    walt::video_view<T, O> dy;
    walt::video_view<U, I> dx;
    walt::view<A, O, Kt, K, K, I> dw;

    conv3d_operands(const walt::video_size& size, const walt::conv_geometry& g)
        : geometry(g), in(size), out(g.after(size)), x(in.take<T, I>(memory)), w(memory.take<T, O, Kt, K, K, I>()),
          b(memory.take<A, O>()), db(memory.take<A, O>()), y(out.take<U, O>(memory)), dy(out.take<T, O>(memory)),
          dx(in.take<U, I>(memory)), dw(memory.take<A, O, Kt, K, K, I>()) {
        using walt::testing::fill_normal;
        fill_normal(x, 1);
        fill_normal(w, 2, 0.3);
        fill_normal(b, 3);
        fill_normal(y, 4);
        fill_normal(dy, 5);
        fill_normal(db, 6);
        fill_normal(dw, 7);
    }
};

/// All four ops on both devices.
template <class T, class U, int I, int O, int Kt, int K>
void conv3d_agrees(const walt::video_size& size, const walt::conv_geometry& g, double most) {
    namespace ops = walt::ops;
    walt::cpu::context fast;
    walt::reference::context plain;
    conv3d_operands<T, U, I, O, Kt, K> mine(size, g), theirs(size, g);
    const auto run = [&](auto& ctx, auto& o) {
        ops::conv3d_grad_input(ctx, g, o.dy, o.w, o.dx);
        ops::conv3d_grad_weight(ctx, g, o.x, o.dy, o.dw, o.db);
        ops::conv3d_add(ctx, g, o.x, o.w, o.y);
    };
    run(fast, mine);
    run(plain, theirs);
    constexpr auto replicate = walt::padding::replicate;
    CAPTURE(I, O, Kt, K, walt::dtype_name<T>(), walt::dtype_name<U>());
    CAPTURE(size.batch, size.frames, size.height, size.width);
    CAPTURE(g.time.stride, g.time.before, g.time.after, g.time.edge == replicate);
    CAPTURE(g.height.stride, g.height.before, g.height.after, g.height.edge == replicate);
    CAPTURE(g.width.stride, g.width.before, g.width.after, g.width.edge == replicate);
    const auto error = [](const auto& yours, const auto& right) {
        return walt::testing::relative_error(yours.data(), doubles(right));
    };
    CHECK(error(mine.y, theirs.y) < most);
    CHECK(error(mine.dx, theirs.dx) < most);
    CHECK(error(mine.dw, theirs.dw) < most);
    CHECK(error(mine.db, theirs.db) < most);
    ops::conv3d(fast, g, mine.x, mine.w, mine.b, mine.y);
    ops::conv3d(plain, g, theirs.x, theirs.w, theirs.b, theirs.y);
    CHECK(error(mine.y, theirs.y) < most);
}
