// Text cross-attention: finite differences, the fast loops against the plain ones, texts that hide positions or are
// shared by frames, and bits that do not depend on the number of threads.
#include "../catch.hpp"
#include "operands.hpp"

#include <walt/config/window.hpp>
#include <walt/ops/cpu/cross_attention.hpp>
#include <walt/testing/golden.hpp>

using namespace walt;

namespace {

/// Five frames and four texts: the first two frames share text 2, text 1 is nobody's, text 3 has no valid position.
template <class Shape, class T> struct operands {
    using A = accumulate_t<T>;
    using norm = std::conditional_t<Shape::qk_norm, view<A, Shape::head_dim>, none>;
    static constexpr int frames = 5, texts = 4, rows = frames * Shape::per_frame, D = Shape::width,
                         M = Shape::text_tokens;
    arena memory{allocate_host};
    view<T, dynamic, D> q = normals(memory.take<T, dynamic, D>(rows), 1, 1.5, 0.3),
                        dq = memory.take<T, dynamic, D>(rows);
    view<T, dynamic, 2 *D> kv = normals(memory.take<T, dynamic, 2 * D>(rows), 2, 1.5, 0.3),
                           dkv = memory.take<T, dynamic, 2 * D>(rows);
    view<T, dynamic, 2 *D> text_kv = normals(memory.take<T, dynamic, 2 * D>(texts * M), 3),
                           dtext_kv = memory.take<T, dynamic, 2 * D>(texts * M);
    view<T, dynamic, D> out = memory.take<T, dynamic, D>(rows), dout = normals(memory.take<T, dynamic, D>(rows), 4);
    view<A, dynamic, Shape::heads> lse = memory.take<A, dynamic, Shape::heads>(rows);
    norm q_norm = normals(weight(), 5, 0.3, 1), k_norm = normals(weight(), 6, 0.3, 1), dq_norm = normals(weight(), 7),
         dk_norm = normals(weight(), 8);
    view<std::int32_t, dynamic> text_row = memory.take<std::int32_t, dynamic>(frames);
    view<std::uint8_t, dynamic> text_valid = memory.take<std::uint8_t, dynamic>(texts * M);

    operands() {
        for (int f = 0; f < frames; ++f) text_row(f) = std::array{2, 2, 0, 3, 0}[static_cast<std::size_t>(f)];
        for (int i = 0; i < texts * M; ++i) text_valid(i) = i < 3 * M && i % 5 != 1;
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

template <class Shape, class T> void agrees_with_reference(double most) {
    cpu::context fast;
    reference::context plain;
    operands<Shape, T> mine;
    operands<Shape, double> theirs;
    mine.forward(fast);
    theirs.forward(plain);
    mine.backward(fast);
    theirs.backward(plain);
    CAPTURE(Shape::per_frame, Shape::head_dim, dtype_name<T>());
    CHECK(testing::relative_error(mine.out.data(), doubles(theirs.out)) < most);
    CHECK(testing::relative_error(mine.lse.data(), doubles(theirs.lse)) < most);
    CHECK(testing::relative_error(mine.dq.data(), doubles(theirs.dq)) < 2 * most);
    CHECK(testing::relative_error(mine.dkv.data(), doubles(theirs.dkv)) < 2 * most);
    CHECK(testing::relative_error(mine.dtext_kv.data(), doubles(theirs.dtext_kv)) < 2 * most);
    if constexpr (Shape::qk_norm) {
        CHECK(testing::relative_error(mine.dq_norm.data(), doubles(theirs.dq_norm)) < 2 * most);
        CHECK(testing::relative_error(mine.dk_norm.data(), doubles(theirs.dk_norm)) < 2 * most);
    }
}

/// Everything a forward and a backward pass write, as bytes.
template <class Shape, class T> std::vector<std::vector<unsigned char>> results(cpu::context& ctx, int threads) {
    omp_set_num_threads(threads);
    operands<Shape, T> o;
    o.forward(ctx);
    o.backward(ctx);
    return {bytes(o.out),      bytes(o.lse),     bytes(o.dq),     bytes(o.dkv),
            bytes(o.dtext_kv), bytes(o.dq_norm), bytes(o.dk_norm)};
}

using small = cross_shape<6, 3, 2, 10, true>;
using plain = cross_shape<7, 4, 3, 6, false>;
using several_blocks = cross_shape<70, 9, 2, 20, true>;
using demo = cross_shape<36, 8, 6, 32, true>;

} // namespace

TEMPLATE_TEST_CASE("cross-attention's gradients are those of finite differences", "[ops][cross_attention]", small,
                   plain) {
    reference::context ctx;
    operands<TestType, double> o;
    const auto f = [&] {
        o.forward(ctx);
        return testing::inner_product(o.out, o.dout);
    };
    f();
    if constexpr (TestType::qk_norm) {
        std::fill_n(o.dq_norm.data(), o.dq_norm.size(), 0.0);
        std::fill_n(o.dk_norm.data(), o.dk_norm.size(), 0.0);
    }
    o.backward(ctx);
    CHECK(testing::check_gradient(o.q, o.dq, f, 60).worst < 1e-6);
    CHECK(testing::check_gradient(o.kv, o.dkv, f, 60).worst < 1e-6);
    CHECK(testing::check_gradient(o.text_kv, o.dtext_kv, f, 60).worst < 1e-6);
    if constexpr (TestType::qk_norm) {
        CHECK(testing::check_gradient(o.q_norm, o.dq_norm, f).worst < 1e-6);
        CHECK(testing::check_gradient(o.k_norm, o.dk_norm, f).worst < 1e-6);
    }
}

TEMPLATE_TEST_CASE("the cpu's cross-attention agrees with the reference", "[ops][cross_attention][cpu]", small, plain,
                   several_blocks, demo) {
    agrees_with_reference<TestType, float>(1e-5);
    agrees_with_reference<TestType, bf16>(1e-2);
}

TEMPLATE_TEST_CASE("a text position that is not valid, or of nobody's text, changes nothing and has no gradient",
                   "[ops][cross_attention][cpu]", reference::context, cpu::context) {
    TestType ctx;
    operands<small, float> o, other;
    o.forward(ctx);
    o.backward(ctx);
    constexpr int M = small::text_tokens, D = small::width;
    for (int t = 0; t < 4; ++t)
        for (int m = 0; m < M; ++m)
            if (t == 1 || !o.text_valid(t * M + m))
                for (int d = 0; d < 2 * D; ++d) {
                    CAPTURE(t, m, d);
                    REQUIRE(o.dtext_kv(t * M + m, d) == 0.0f);
                    other.text_kv(t * M + m, d) += 3;
                }
    other.forward(ctx);
    CHECK(bytes(other.out) == bytes(o.out));
}

TEMPLATE_TEST_CASE("cross-attention gives the same bits for any number of threads, run after run",
                   "[ops][cross_attention][cpu]", float, bf16) {
    cpu::context ctx;
    const int before = omp_get_max_threads();
    const auto expected = results<small, TestType>(ctx, 1);
    CHECK(results<small, TestType>(ctx, 1) == expected);
    CHECK(results<small, TestType>(ctx, 2) == expected);
    CHECK(results<small, TestType>(ctx, 5) == expected);
    omp_set_num_threads(before);
}
