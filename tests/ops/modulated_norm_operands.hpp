// What the modulated norm and the gated residual are tested on, and the test itself: the cpu against the reference.
#pragma once

#include "../catch.hpp"
#include "operands.hpp"

#include <walt/ops/cpu/modulated_norm.hpp>
#include <walt/testing/golden.hpp>

namespace walt {

/// Rows of D numbers, so many of each frame; the norm uses chunks 1 and 2 of five, the gate chunk 3.
template <class T, int D> struct modulated_operands {
    using A = accumulate_t<T>;
    static constexpr int M = 5 * D;
    int frames, rows;
    std::uint64_t stream; // of the numbers
    arena memory{allocate_host};
    view<A, dynamic, D> h = normals(memory.take<A, dynamic, D>(rows), stream + 1, 0.7, 3); // a mean far from zero
    view<A, dynamic, D> dh = normals(memory.take<A, dynamic, D>(rows), stream + 2),
                        h_next = memory.take<A, dynamic, D>(rows);
    view<A, dynamic, M> modulation = normals(memory.take<A, dynamic, M>(frames), stream + 3, 0.5),
                        dmodulation = normals(memory.take<A, dynamic, M>(frames), stream + 4);
    view<T, dynamic, D> y = memory.take<T, dynamic, D>(rows),
                        dy = normals(memory.take<T, dynamic, D>(rows), stream + 5);
    view<T, dynamic, D> branch = normals(memory.take<T, dynamic, D>(rows), stream + 6),
                        dbranch = memory.take<T, dynamic, D>(rows);

    modulated_operands(int frame_count, int per_frame, std::uint64_t first = 0)
        : frames(frame_count), rows(frame_count * per_frame), stream(first) {}

    void norm(auto& ctx) { ops::modulated_norm(ctx, h, modulation, 1, y); }
    void norm_grad(auto& ctx) { ops::modulated_norm_grad(ctx, h, modulation, 1, dy, dh, dmodulation); }
    void gate(auto& ctx) { ops::gated_residual(ctx, h, modulation, 3, branch, h_next); }
    void gate_grad(auto& ctx) { ops::gated_residual_grad(ctx, dh, modulation, 3, branch, dbranch, dmodulation); }
    void all(auto& ctx) {
        norm(ctx);
        gate(ctx);
        gate_grad(ctx);
        norm_grad(ctx);
    }
};

template <class T, int D> void modulated_norm_agrees(int frames, int per_frame, double most, std::uint64_t stream = 0) {
    cpu::context fast;
    reference::context plain;
    modulated_operands<T, D> mine(frames, per_frame, stream);
    modulated_operands<double, D> theirs(frames, per_frame, stream);
    mine.all(fast);
    theirs.all(plain);
    CAPTURE(D, frames, per_frame, stream, dtype_name<T>());
    CHECK(testing::relative_error(mine.y.data(), doubles(theirs.y)) < most);
    CHECK(testing::relative_error(mine.dbranch.data(), doubles(theirs.dbranch)) < most);
    CHECK(testing::relative_error(mine.h_next.data(), doubles(theirs.h_next)) < 1e-5); // the residual stream is float
    CHECK(testing::relative_error(mine.dh.data(), doubles(theirs.dh)) < 1e-5);
    CHECK(testing::relative_error(mine.dmodulation.data(), doubles(theirs.dmodulation)) < 1e-5);
}

} // namespace walt
