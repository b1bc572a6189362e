// Text cross-attention: finite differences, the fast loops against the plain ones, texts that hide positions or are
// shared by frames, and bits that do not depend on the number of threads.
#include "cross_attention_operands.hpp"

using namespace walt;

namespace {

/// Everything a forward and a backward pass write, as bytes.
template <class Shape, class T> std::vector<std::vector<unsigned char>> results(cpu::context& ctx, int threads) {
    omp_set_num_threads(threads);
    cross_operands<Shape, T> o;
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
    cross_operands<TestType, double> o;
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
    cross_attention_agrees<TestType, float>(1e-5);
    cross_attention_agrees<TestType, bf16>(1e-2);
}

TEMPLATE_TEST_CASE("a text position that is not valid, or of nobody's text, changes nothing and has no gradient",
                   "[ops][cross_attention][cpu]", reference::context, cpu::context) {
    TestType ctx;
    cross_operands<small, float> o, other;
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
