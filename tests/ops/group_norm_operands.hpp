// A group norm's operands, and the cpu's against the reference's.
#pragma once

#include "../catch.hpp"
#include "operands.hpp"

#include <walt/ops/cpu/group_norm.hpp>
#include <walt/testing/golden.hpp>

/// X: what is normalised, T: what comes out; rows of scale and shift.
template <class X, class T, int C, int G> struct group_norm_operands {
    using A = walt::accumulate_t<X>;
    walt::arena memory{walt::allocate_host};
    walt::video_view<X, C> x;
    walt::video_view<T, C> y, dy;
    walt::video_view<X, C> dx;
    walt::view<A, walt::dynamic, C> scale, shift, dscale, dshift;
    walt::view<A, walt::dynamic, G, 2> statistics;

    group_norm_operands(const walt::video_size& size, std::int64_t rows)
        : x(size.take<X, C>(memory)), y(size.take<T, C>(memory)), dy(size.take<T, C>(memory)),
          dx(size.take<X, C>(memory)), scale(take_rows(rows)), shift(take_rows(rows)), dscale(take_rows(rows)),
          dshift(take_rows(rows)), statistics(memory.take<A, walt::dynamic, G, 2>(size.batch * size.frames)) {
        using walt::testing::fill_normal;
        fill_normal(x, 1, 0.7, 3); // a mean far from zero: its square must not swallow the variance
        fill_normal(dy, 2);
        fill_normal(dx, 3);
        fill_normal(scale, 4, 0.5, 1);
        fill_normal(shift, 5);
        for (const auto& zeroed : {dscale, dshift}) std::fill_n(zeroed.data(), zeroed.size(), A(0));
    }
    template <class Activation> void run(auto& ctx, const walt::frame_rows& rows, bool add) {
        namespace ops = walt::ops;
        ops::group_norm<Activation>(ctx, x, scale, shift, rows, y, statistics);
        if (add) ops::group_norm_grad_add<Activation>(ctx, x, scale, shift, rows, statistics, dy, dx, dscale, dshift);
        else ops::group_norm_grad<Activation>(ctx, x, scale, shift, rows, statistics, dy, dx, dscale, dshift);
    }

  private:
    auto take_rows(std::int64_t rows) { return memory.take<A, walt::dynamic, C>(rows); }
};

template <class Activation, class X, class T, int C, int G>
void group_norm_agrees(const walt::video_size& size, bool add, double most) {
    walt::cpu::context fast;
    walt::reference::context plain;
    group_norm_operands<X, T, C, G> mine(size, 1), theirs(size, 1);
    mine.template run<Activation>(fast, {}, add);
    theirs.template run<Activation>(plain, {}, add);
    CAPTURE(C, G, size.batch, size.frames, size.height, size.width, add, walt::dtype_name<X>(), walt::dtype_name<T>());
    const auto error = [](const auto& yours, const auto& right) {
        return walt::testing::relative_error(yours.data(), doubles(right));
    };
    CHECK(error(mine.statistics, theirs.statistics) < 1e-5);
    CHECK(error(mine.y, theirs.y) < most);
    CHECK(error(mine.dx, theirs.dx) < most);
    CHECK(error(mine.dscale, theirs.dscale) < 1e-5);
    CHECK(error(mine.dshift, theirs.dshift) < 1e-5);
}
