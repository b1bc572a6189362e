// What cross-attention is tested on, and the test itself: the cpu against the reference.
#pragma once

#include "../catch.hpp"
#include "operands.hpp"

#include <walt/config/window.hpp>
#include <walt/ops/cpu/cross_attention.hpp>
#include <walt/testing/golden.hpp>

#include <array>
#include <vector>

namespace walt {

/// Which text each frame has, and which positions of the texts are valid.
struct cross_texts {
    std::vector<std::int32_t> of_frame;
    int texts;
    std::vector<std::uint8_t> valid; ///< [texts M]

    /// Five frames and four texts: the first two frames share text 2, text 1 is nobody's, text 3 has no valid position.
    static cross_texts shared(int M) {
        cross_texts made{{2, 2, 0, 3, 0}, 4, {}};
        for (int i = 0; i < 4 * M; ++i) made.valid.push_back(i < 3 * M && i % 5 != 1);
        return made;
    }
};

template <class Shape, class T> struct cross_operands {
    using A = accumulate_t<T>;
    using norm = std::conditional_t<Shape::qk_norm, view<A, Shape::head_dim>, none>;
    static constexpr int D = Shape::width, M = Shape::text_tokens;
    int frames, texts, rows;
    std::uint64_t stream; // of the numbers
    arena memory{allocate_host};
    view<T, dynamic, D> q = normals(memory.take<T, dynamic, D>(rows), stream + 1, 1.5, 0.3),
                        dq = memory.take<T, dynamic, D>(rows);
    view<T, dynamic, 2 *D> kv = normals(memory.take<T, dynamic, 2 * D>(rows), stream + 2, 1.5, 0.3),
                           dkv = memory.take<T, dynamic, 2 * D>(rows);
    view<T, dynamic, 2 *D> text_kv = normals(memory.take<T, dynamic, 2 * D>(texts * M), stream + 3),
                           dtext_kv = memory.take<T, dynamic, 2 * D>(texts * M);
    view<T, dynamic, D> out = memory.take<T, dynamic, D>(rows),
                        dout = normals(memory.take<T, dynamic, D>(rows), stream + 4);
    view<A, dynamic, Shape::heads> lse = memory.take<A, dynamic, Shape::heads>(rows);
    norm q_norm = normals(weight(), stream + 5, 0.3, 1), k_norm = normals(weight(), stream + 6, 0.3, 1),
         dq_norm = normals(weight(), stream + 7), dk_norm = normals(weight(), stream + 8);
    view<std::int32_t, dynamic> text_row = memory.take<std::int32_t, dynamic>(frames);
    view<std::uint8_t, dynamic> text_valid = memory.take<std::uint8_t, dynamic>(texts * M);

    explicit cross_operands(const cross_texts& of = cross_texts::shared(M), std::uint64_t first = 0)
        : frames(static_cast<int>(of.of_frame.size())), texts(of.texts), rows(frames * Shape::per_frame),
          stream(first) {
        std::copy(of.of_frame.begin(), of.of_frame.end(), text_row.data());
        std::copy(of.valid.begin(), of.valid.end(), text_valid.data());
    }
    void forward(auto& ctx) {
        ops::cross_attention<Shape>(ctx, q, kv, text_kv, text_row, text_valid, q_norm, k_norm, out, lse);
    }
    void backward(auto& ctx) {
        ops::cross_attention_grad<Shape>(ctx, q, kv, text_kv, text_row, text_valid, q_norm, k_norm, out, lse, dout, dq,
                                         dkv, dtext_kv, dq_norm, dk_norm);
    }

  private:
    norm weight() {
        if constexpr (Shape::qk_norm) return memory.take<A, Shape::head_dim>();
        else return {};
    }
};

/// Gradients of the norms' weights are sums over all rows, within `of_sums`.
template <class Shape, class T>
void cross_attention_agrees(double most, const cross_texts& of = cross_texts::shared(Shape::text_tokens),
                            std::uint64_t stream = 0, double of_sums = 0) {
    if (of_sums == 0) of_sums = 2 * most;
    cpu::context fast;
    reference::context plain;
    cross_operands<Shape, T> mine(of, stream);
    cross_operands<Shape, double> theirs(of, stream);
    mine.forward(fast);
    theirs.forward(plain);
    mine.backward(fast);
    theirs.backward(plain);
    CAPTURE(Shape::per_frame, Shape::head_dim, Shape::text_tokens, mine.frames, mine.texts, stream, dtype_name<T>());
    CHECK(testing::relative_error(mine.out.data(), doubles(theirs.out)) < most);
    CHECK(testing::relative_error(mine.lse.data(), doubles(theirs.lse)) < most);
    CHECK(testing::relative_error(mine.dq.data(), doubles(theirs.dq)) < 2 * most);
    CHECK(testing::relative_error(mine.dkv.data(), doubles(theirs.dkv)) < 2 * most);
    CHECK(testing::relative_error(mine.dtext_kv.data(), doubles(theirs.dtext_kv)) < 2 * most);
    if constexpr (Shape::qk_norm) {
        CHECK(testing::relative_error(mine.dq_norm.data(), doubles(theirs.dq_norm)) < of_sums);
        CHECK(testing::relative_error(mine.dk_norm.data(), doubles(theirs.dk_norm)) < of_sums);
    }
}

} // namespace walt
