// All that window attention reads and writes, and the cpu's against the reference's.
#pragma once

#include "../catch.hpp"
#include "operands.hpp"

#include <walt/config/window.hpp>
#include <walt/ops/cpu/window_attention.hpp>
#include <walt/testing/golden.hpp>

/// The numbers of a window attention that its shape leaves open.
struct window_numbers {
    int samples = 3;
    unsigned images = 0b10; ///< bit b: sample b is a stack of images
    double spread = 1.5, bias = 0.5;
    std::uint64_t stream = 0;
};

template <class Shape, class T> struct window_operands {
    using A = walt::accumulate_t<T>;
    using norm = std::conditional_t<Shape::qk_norm, walt::view<A, Shape::head_dim>, walt::none>;
    using table = walt::view<A, Shape::heads, Shape::bias_size>;
    template <int Width> using matrix = walt::view<T, walt::dynamic, Width>;
    static constexpr int width = Shape::width;
    walt::arena memory{walt::allocate_host};
    int samples, rows;
    matrix<3 * width> qkv, dqkv;
    matrix<width> out, dout;
    walt::view<A, walt::dynamic, Shape::heads> lse;
    table bias, dbias;
    norm q_norm, k_norm, dq_norm, dk_norm;
    walt::view<std::uint8_t, walt::dynamic> is_image;

    explicit window_operands(const window_numbers& of = {})
        : samples(of.samples), rows(samples * Shape::frames * Shape::per_frame),
          qkv(normals(take<3 * width>(), of.stream + 1, of.spread, 0.3)), dqkv(take<3 * width>()), out(take<width>()),
          dout(normals(take<width>(), of.stream + 2)), lse(memory.take<A, walt::dynamic, Shape::heads>(rows)),
          bias(normals(take_table(), of.stream + 3, of.bias)), // gradients of parameters are added to
          dbias(normals(take_table(), of.stream + 4)), q_norm(normals(take_norm(), of.stream + 5, 0.3, 1)),
          k_norm(normals(take_norm(), of.stream + 6, 0.3, 1)), dq_norm(normals(take_norm(), of.stream + 7)),
          dk_norm(normals(take_norm(), of.stream + 8)), is_image(memory.take<std::uint8_t, walt::dynamic>(samples)) {
        for (int b = 0; b < samples; ++b) is_image(b) = (of.images >> b) & 1;
    }
    void forward(auto& ctx) { walt::ops::window_attention<Shape>(ctx, qkv, q_norm, k_norm, bias, is_image, out, lse); }
    void backward(auto& ctx) {
        walt::ops::window_attention_grad<Shape>(ctx, qkv, q_norm, k_norm, bias, is_image, out, lse, dout, dqkv, dq_norm,
                                                dk_norm, dbias);
    }

  private:
    template <int Width> matrix<Width> take() { return memory.take<T, walt::dynamic, Width>(rows); }
    table take_table() { return memory.take<A, Shape::heads, Shape::bias_size>(); }
    norm take_norm() {
        if constexpr (Shape::qk_norm) return memory.take<A, Shape::head_dim>();
        else return {};
    }
};

/// `sums`: what the gradients of parameters may be off by; 0: as much as those of the rows.
template <class Shape, class T>
void window_attention_agrees(double most, const window_numbers& of = {}, double sums = 0) {
    if (sums == 0) sums = 2 * most;
    walt::cpu::context fast;
    walt::reference::context plain;
    window_operands<Shape, T> mine(of);
    window_operands<Shape, double> theirs(of);
    mine.forward(fast);
    theirs.forward(plain);
    mine.backward(fast);
    theirs.backward(plain);
    CAPTURE(Shape::frames, Shape::per_frame, Shape::window_frames, Shape::window_height, Shape::window_width,
            Shape::heads, Shape::head_dim, Shape::qk_norm, walt::dtype_name<T>());
    CAPTURE(of.samples, of.images, of.spread, of.bias, of.stream);
    const auto error = [](const auto& yours, const auto& right) {
        return walt::testing::relative_error(yours.data(), doubles(right));
    };
    CHECK(error(mine.out, theirs.out) < most);
    CHECK(error(mine.lse, theirs.lse) < most);
    CHECK(error(mine.dqkv, theirs.dqkv) < 2 * most);
    CHECK(error(mine.dbias, theirs.dbias) < sums);
    if constexpr (Shape::qk_norm) {
        CHECK(error(mine.dq_norm, theirs.dq_norm) < sums);
        CHECK(error(mine.dk_norm, theirs.dk_norm) < sums);
    }
}
