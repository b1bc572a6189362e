// Reference: position tables, looked-up rows, sinusoidal codes.
#pragma once

#include "../embedding.hpp"
#include "checked_index.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace walt::reference::inline WALT_INSTRUCTION_SET {

template <class Order, class A, int R, int D, class Space, class Time, class Images>
void add_positions_on(context&, view<A, R, D> h, Space space, Time time, Images is_image) {
    const int frames = static_cast<int>(time.extent(0));
    for (std::int64_t r = 0; r < h.extent(0); ++r) {
        const std::int64_t frame = r / Order::tokens;
        const int n = Order::row_major(static_cast<int>(r % Order::tokens));
        const std::int64_t t = is_image(frame / frames) ? 0 : frame % frames;
        for (int d = 0; d < D; ++d) h(r, d) += space(n, d) + time(t, d);
    }
}

template <class Order, class A, int R, int D, class Images, class DSpace, class DTime>
void add_positions_grad_on(context&, view<const A, R, D> dh, Images is_image, DSpace dspace, DTime dtime) {
    const int frames = static_cast<int>(dtime.extent(0));
    std::vector<A> sum(static_cast<std::size_t>(D)); // of a frame, so that the tables see few large additions
    for (std::int64_t frame = 0; frame < dh.extent(0) / Order::tokens; ++frame) {
        std::fill(sum.begin(), sum.end(), A(0));
        for (int p = 0; p < Order::tokens; ++p) {
            const A* row = dh.data() + (frame * Order::tokens + p) * D;
            A* place = dspace.data() + static_cast<std::int64_t>(Order::row_major(p)) * D;
            for (int d = 0; d < D; ++d) {
                place[d] += row[d];
                sum[static_cast<std::size_t>(d)] += row[d];
            }
        }
        const std::int64_t t = is_image(frame / frames) ? 0 : frame % frames;
        for (int d = 0; d < D; ++d) dtime(t, d) += sum[static_cast<std::size_t>(d)];
    }
}

template <class Step, class T, int R, int Size>
void sinusoid_on(context&, Step step, int rows_a_step, view<T, R, Size> code) {
    for (std::int64_t r = 0; r < code.extent(0); ++r)
        for (int k = 0; k < Size / 2; ++k) { // angles reach 1000: double, whatever the compute type
            const double angle = step(r / rows_a_step) * std::exp(-std::log(10000.0) * k / (Size / 2));
            code(r, k) = static_cast<T>(static_cast<accumulate_t<T>>(std::cos(angle)));
            code(r, Size / 2 + k) = static_cast<T>(static_cast<accumulate_t<T>>(std::sin(angle)));
        }
}

template <class Table, class Index, class A, int R, int D>
void add_rows_on(context&, Table table, Index index, view<A, R, D> e) {
    for (std::int64_t r = 0; r < e.extent(0); ++r) {
        const std::int64_t row = checked_index(index, r, table.extent(0), "ops::add_rows");
        for (int d = 0; d < D; ++d) e(r, d) += table(row, d);
    }
}

template <class A, int R, int D, class Index, class DTable>
void add_rows_grad_on(context&, view<const A, R, D> de, Index index, DTable dtable) {
    for (std::int64_t r = 0; r < de.extent(0); ++r) {
        const std::int64_t row = checked_index(index, r, dtable.extent(0), "ops::add_rows_grad");
        for (int d = 0; d < D; ++d) dtable(row, d) += de(r, d);
    }
}

template <class A, int R, int D, class Valid, class Absent, class Y>
void valid_rows_on(context&, view<const A, R, D> x, Valid valid, Absent absent, Y y) {
    for (std::int64_t r = 0; r < x.extent(0); ++r)
        for (int d = 0; d < D; ++d) y(r, d) = valid(r) ? x(r, d) : absent(d);
}

template <class A, int R, int D, class Valid, class DX, class DAbsent>
void valid_rows_grad_on(context&, view<const A, R, D> dy, Valid valid, DX dx, DAbsent dabsent) {
    for (std::int64_t r = 0; r < dy.extent(0); ++r)
        for (int d = 0; d < D; ++d) {
            dx(r, d) = static_cast<typename DX::element>(valid(r) ? dy(r, d) : A(0));
            if (!valid(r)) dabsent(d) += dy(r, d);
        }
}

} // namespace walt::reference::inline WALT_INSTRUCTION_SET
