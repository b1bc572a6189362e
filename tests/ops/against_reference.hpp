// An op on the CPU, in float and bf16, against the reference in double on the same numbers.
#pragma once

#include "../catch.hpp"
#include "operands.hpp"

#include <walt/ops/cpu/context.hpp>
#include <walt/testing/relative_error.hpp>

/// op(ctx, T{}) takes operands from ctx.arena, runs with elements T and returns the tensors that it wrote, as doubles.
/// The distances allowed are relative, in the L2 norm of each tensor.
template <class Op> void agrees_with_reference(Op op, double in_float, double in_bf16) {
    walt::reference::context plain;
    walt::cpu::context fast;
    const std::vector<std::vector<double>> right = op(plain, double{});
    const auto compare = [&](const char* type, const std::vector<std::vector<double>>& mine, double allowed) {
        REQUIRE(mine.size() == right.size());
        for (std::size_t i = 0; i < right.size(); ++i) {
            CAPTURE(type, i);
            CHECK(walt::testing::relative_error(mine[i].data(), right[i]) <= allowed);
        }
    };
    compare("float", op(fast, float{}), in_float);
    compare("bf16", op(fast, walt::bf16{}), in_bf16);
}

/// A tensor in the arena of normals that every type holds: random<T, dynamic, 4>(ctx, stream, rows).
template <class T, int... Extent> auto random(auto& ctx, std::uint64_t stream, auto... sizes) {
    return normals(ctx.arena.template take<T, Extent...>(sizes...), stream);
}
