// Window attention on the CUDA device against the reference: forward and every gradient, of videos and of images.
#include "agreement.hpp"

#include <walt/ops/cuda/window_attention.cuh>
#include <walt/ops/reference/window_attention.hpp>

using namespace walt;

namespace {

/// Three samples, of which the second is a stack of images.
template <class Shape> struct samples {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        using norm = std::conditional_t<Shape::qk_norm, view<A, Shape::head_dim>, none>;
        using table = view<A, Shape::heads, Shape::bias_size>;
        static constexpr int batch = 3, rows = batch * Shape::frames * Shape::per_frame, D = Shape::width;
        arena memory{allocate_host};
        view<T, dynamic, 3 * D> qkv = normals(memory.take<T, dynamic, 3 * D>(rows), 1, 1.5, 0.3), dqkv = (memory.take<T, dynamic, 3 * D>(rows));
        view<T, dynamic, D> out = (memory.take<T, dynamic, D>(rows)), dout = normals(memory.take<T, dynamic, D>(rows), 2);
        view<A, dynamic, Shape::heads> lse = (memory.take<A, dynamic, Shape::heads>(rows));
        table bias = normals(memory.take<A, Shape::heads, Shape::bias_size>(), 3, 0.5), dbias = normals(memory.take<A, Shape::heads, Shape::bias_size>(), 4);
        norm q_norm = normals(weight(), 5, 0.3, 1), k_norm = normals(weight(), 6, 0.3, 1), dq_norm = normals(weight(), 7), dk_norm = normals(weight(), 8);
        view<std::uint8_t, dynamic> is_image = (memory.take<std::uint8_t, dynamic>(batch));

        operands() {
            for (int b = 0; b < batch; ++b) is_image(b) = b == 1;
        }
        void each(auto&& visit) {
            visit(out), visit(lse), visit(dqkv), visit(dq_norm), visit(dk_norm), visit(dbias);
            visit(qkv), visit(dout), visit(bias), visit(q_norm), visit(k_norm), visit(is_image);
        }
        void run(auto& ctx) {
            ops::window_attention<Shape>(ctx, qkv, q_norm, k_norm, bias, is_image, out, lse);
            ops::window_attention_grad<Shape>(ctx, qkv, q_norm, k_norm, bias, is_image, out, lse, dout, dqkv, dq_norm, dk_norm, dbias);
        }

      private:
        norm weight() {
            if constexpr (Shape::qk_norm) return memory.take<A, Shape::head_dim>();
            else return {};
        }
    };
};

using frame_and_tiles = token_order<4, 6, 4, 6, 2, 3>;
using nested_tiles = token_order<4, 6, 4, 3, 2, 3>;
using in_space = attention_shape<frame_and_tiles, 3, 1, 4, 6, 2, 10, true, image_rule::identity>;
using in_inner_tiles = attention_shape<frame_and_tiles, 3, 3, 2, 3, 2, 16, true, image_rule::identity>;
using in_outer_tiles = attention_shape<nested_tiles, 5, 5, 4, 3, 2, 72, true, image_rule::own_frame>;
using in_inner_space = attention_shape<nested_tiles, 2, 1, 2, 3, 3, 7, false, image_rule::identity>;
using in_everything = attention_shape<frame_and_tiles, 3, 3, 4, 6, 2, 64, false, image_rule::own_frame>;
using several_tiles = attention_shape<token_order<6, 6, 6, 6, 6, 6>, 5, 5, 6, 6, 1, 32, true, image_rule::identity>;
using wide_heads = attention_shape<token_order<4, 6, 4, 6, 4, 6>, 2, 1, 4, 6, 1, 88, true, image_rule::identity>;
using widest_heads = attention_shape<token_order<4, 6, 4, 6, 4, 6>, 3, 3, 4, 6, 1, 144, true, image_rule::identity>;

template <class Shape, class T> void agree(double most) {
    cuda::context device;
    reference::context plain;
    CAPTURE(Shape::tokens, Shape::head_dim);
    agrees_with_reference<samples<Shape>::template operands, T>(device, plain, {most, most});
}

} // namespace

TEMPLATE_TEST_CASE("cuda: window attention agrees with the reference", "[cuda][window_attention]", in_space, in_inner_tiles, in_outer_tiles,
                   in_inner_space, in_everything, several_tiles, wide_heads, widest_heads) {
    agree<TestType, float>(1e-5);
    agree<TestType, bf16>(2e-2);
}

TEST_CASE("cuda: under the identity mask an image's output is its own value, exactly", "[cuda][window_attention]") {
    using Shape = in_inner_tiles;
    cuda::context device;
    samples<Shape>::operands<bf16> o;
    testing::on_device(device, o, [&](auto& there) { there.run(device); });
    constexpr int D = Shape::width, rows = Shape::frames * Shape::per_frame;
    for (int r = rows; r < 2 * rows; ++r) // of the second sample
        for (int d = 0; d < D; ++d) {
            REQUIRE(o.out(r, d) == o.qkv(r, 2 * D + d));
            REQUIRE(o.dqkv(r, 2 * D + d) == o.dout(r, d));
            REQUIRE(o.dqkv(r, d) == 0.0f);
            REQUIRE(o.dqkv(r, D + d) == 0.0f);
        }
}

TEMPLATE_TEST_CASE("cuda: window attention gives the same bits run after run", "[cuda][window_attention]", float, bf16) {
    cuda::context device;
    const auto run = [&] {
        typename samples<in_outer_tiles>::template operands<TestType> o;
        testing::on_device(device, o, [&](auto& there) { there.run(device); });
        return std::vector{bytes(o.out), bytes(o.lse), bytes(o.dqkv), bytes(o.dq_norm), bytes(o.dk_norm), bytes(o.dbias)};
    };
    CHECK(run() == run());
}
