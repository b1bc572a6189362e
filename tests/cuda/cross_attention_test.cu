// Text cross-attention on the CUDA device against the reference: forward and every gradient.
#include "agreement.hpp"

#include <walt/ops/cuda/cross_attention.cuh>
#include <walt/ops/reference/cross_attention.hpp>

namespace tests {
using namespace walt;

namespace {

/// Five frames and four texts: the first two frames share text 2, text 1 is nobody's, text 3 has no valid position.
template <class Shape> struct samples {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        using norm = std::conditional_t<Shape::qk_norm, view<A, Shape::head_dim>, none>;
        static constexpr int frames = 5, texts = 4, rows = frames * Shape::per_frame, D = Shape::width,
                             M = Shape::text_tokens;
        arena memory{allocate_host};
        view<T, dynamic, D> q = normals(memory.take<T, dynamic, D>(rows), 1, 1.5, 0.3),
                            dq = (memory.take<T, dynamic, D>(rows));
        view<T, dynamic, 2 *D> kv = normals(memory.take<T, dynamic, 2 * D>(rows), 2, 1.5, 0.3),
                               dkv = (memory.take<T, dynamic, 2 * D>(rows));
        view<T, dynamic, 2 *D> text_kv = normals(memory.take<T, dynamic, 2 * D>(texts * M), 3),
                               dtext_kv = (memory.take<T, dynamic, 2 * D>(texts * M));
        view<T, dynamic, D> out = (memory.take<T, dynamic, D>(rows)),
                            dout = normals(memory.take<T, dynamic, D>(rows), 4);
        view<A, dynamic, Shape::heads> lse = (memory.take<A, dynamic, Shape::heads>(rows));
        norm q_norm = normals(weight(), 5, 0.3, 1), k_norm = normals(weight(), 6, 0.3, 1),
             dq_norm = normals(weight(), 7), dk_norm = normals(weight(), 8);
        view<std::int32_t, dynamic> text_row = (memory.take<std::int32_t, dynamic>(frames));
        view<std::uint8_t, dynamic> text_valid = (memory.take<std::uint8_t, dynamic>(texts * M));

        operands() {
            for (int f = 0; f < frames; ++f) text_row(f) = std::array{2, 2, 0, 3, 0}[static_cast<std::size_t>(f)];
            for (int i = 0; i < texts * M; ++i) text_valid(i) = i < 3 * M && i % 5 != 1;
        }
        void each(auto&& visit) {
            visit(out), visit(lse), visit(dq), visit(dkv), visit(dtext_kv), visit(dq_norm), visit(dk_norm);
            visit(q), visit(kv), visit(text_kv), visit(dout), visit(q_norm), visit(k_norm), visit(text_row),
                visit(text_valid);
        }
        void run(auto& ctx) {
            ops::cross_attention<Shape>(ctx, q, kv, text_kv, text_row, text_valid, q_norm, k_norm, out, lse);
            ops::cross_attention_grad<Shape>(ctx, q, kv, text_kv, text_row, text_valid, q_norm, k_norm, out, lse, dout,
                                             dq, dkv, dtext_kv, dq_norm, dk_norm);
        }

      private:
        norm weight() {
            if constexpr (Shape::qk_norm) return memory.take<A, Shape::head_dim>();
            else return {};
        }
    };
};

using small = cross_shape<6, 3, 2, 10, true>;
using plain_heads = cross_shape<7, 4, 3, 7, false>;
using several_tiles = cross_shape<70, 9, 2, 20, true>;
using demo = cross_shape<36, 8, 6, 32, true>;
using long_text = cross_shape<20, 77, 1, 72, true>;
using wide_heads = cross_shape<24, 16, 1, 112, true>;
// A frame of cascade_base and of cascade_256x448, one head each, and texts of whole tiles of keys.
using cascade_frame = cross_shape<256, 64, 1, 112, true>;
using wide_frame = cross_shape<448, 64, 1, 88, true>;

template <class Shape, class T> void agree(double most) {
    walt::cuda::context device;
    reference::context plain;
    CAPTURE(Shape::per_frame, Shape::head_dim);
    agrees_with_reference<samples<Shape>::template operands, T>(device, plain, {most, most});
}

} // namespace

TEMPLATE_TEST_CASE("cuda: cross-attention agrees with the reference", "[cuda][cross_attention]", small, plain_heads,
                   several_tiles, demo, long_text, wide_heads) {
    agree<TestType, float>(1e-5);
    agree<TestType, bf16>(2e-2);
}

TEMPLATE_TEST_CASE("cuda: cross-attention of a preset's whole frame agrees with the reference",
                   "[cuda][cross_attention]", cascade_frame, wide_frame) {
    agree<TestType, bf16>(2e-2);
}

TEST_CASE("cuda: a text position that is not valid, or of nobody's text, has no gradient", "[cuda][cross_attention]") {
    using Shape = small;
    walt::cuda::context device;
    samples<Shape>::operands<bf16> o;
    testing::on_device(device, o, [&](auto& there) { there.run(device); });
    constexpr int M = Shape::text_tokens, D = Shape::width;
    for (int t = 0; t < 4; ++t)
        for (int m = 0; m < M; ++m)
            for (int d = 0; d < 2 * D && (t == 1 || !o.text_valid(t * M + m)); ++d)
                REQUIRE(o.dtext_kv(t * M + m, d) == 0.0f);
}

TEMPLATE_TEST_CASE("cuda: cross-attention gives the same bits run after run", "[cuda][cross_attention]", float, bf16) {
    walt::cuda::context device;
    const auto run = [&] {
        typename samples<several_tiles>::template operands<TestType> o;
        testing::on_device(device, o, [&](auto& there) { there.run(device); });
        return std::vector{bytes(o.out),      bytes(o.lse),     bytes(o.dq),     bytes(o.dkv),
                           bytes(o.dtext_kv), bytes(o.dq_norm), bytes(o.dk_norm)};
    };
    CHECK(run() == run());
}

} // namespace tests
