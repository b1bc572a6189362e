// Window attention: finite differences, full attention under a block mask, the two rules for images, the fast loops
// against the plain ones, and bits that do not depend on the number of threads.
#include "window_attention_operands.hpp"

using namespace walt;

namespace {

/// Everything a forward and a backward pass write, as bytes.
template <class Shape, class T> std::vector<std::vector<unsigned char>> results(cpu::context& ctx, int threads) {
    omp_set_num_threads(threads);
    window_operands<Shape, T> o;
    o.forward(ctx);
    o.backward(ctx);
    return {bytes(o.out), bytes(o.lse), bytes(o.dqkv), bytes(o.dq_norm), bytes(o.dk_norm), bytes(o.dbias)};
}

/// Full attention of a sample's frames x height x width tokens, counted row by row, under the mask that lets a token
/// see its window only (and what the image rule says). Written from docs/model.md 1.5 alone; window-major order only
/// where rows are read.
template <class Shape, int Height, int Width, int OuterHeight, int OuterWidth, int InnerHeight, int InnerWidth, int Wh,
          int Ww>
double distance_to_masked_attention(const window_operands<Shape, double>& o) {
    constexpr int F = Shape::frames, Wt = Shape::window_frames, Dh = Shape::head_dim, D = Shape::width;
    struct token {
        int f, y, x;
    };
    std::vector<token> tokens;
    for (int f = 0; f < F; ++f)
        for (int y = 0; y < Height; ++y)
            for (int x = 0; x < Width; ++x) tokens.push_back({f, y, x});
    const auto row = [&](int b, const token& t) {
        const int outer = t.y / OuterHeight * (Width / OuterWidth) + t.x / OuterWidth, oy = t.y % OuterHeight,
                  ox = t.x % OuterWidth;
        const int inner = oy / InnerHeight * (OuterWidth / InnerWidth) + ox / InnerWidth;
        return (b * F + t.f) * Height * Width + outer * OuterHeight * OuterWidth + inner * InnerHeight * InnerWidth +
               oy % InnerHeight * InnerWidth + ox % InnerWidth;
    };
    const auto head = [&](int at, int part, int a) {
        std::vector<double> v(Dh);
        double mean = 0, variance = 0;
        for (int d = 0; d < Dh; ++d) mean += (v[static_cast<std::size_t>(d)] = o.qkv(at, part * D + a * Dh + d)) / Dh;
        for (const double e : v) variance += (e - mean) * (e - mean) / Dh;
        if constexpr (Shape::qk_norm)
            for (int d = 0; part < 2 && d < Dh; ++d)
                v[static_cast<std::size_t>(d)] = (v[static_cast<std::size_t>(d)] - mean) / std::sqrt(variance + 1e-6) *
                                                 (part ? o.k_norm(d) : o.q_norm(d));
        return v;
    };
    double worst = 0;
    for (int b = 0; b < o.samples; ++b)
        for (int a = 0; a < Shape::heads; ++a)
            for (const token& i : tokens) {
                const auto q = head(row(b, i), 0, a);
                std::vector<double> mixed(Dh);
                double total = 0;
                for (const token& j : tokens) {
                    bool seen = i.f / Wt == j.f / Wt && i.y / Wh == j.y / Wh && i.x / Ww == j.x / Ww;
                    if (o.is_image(b) && Wt > 1)
                        seen = seen && i.f == j.f &&
                               (Shape::images == image_rule::own_frame || (i.y == j.y && i.x == j.x));
                    if (!seen) continue;
                    const auto k = head(row(b, j), 1, a), v = head(row(b, j), 2, a);
                    double dot = 0;
                    for (std::size_t d = 0; d < Dh; ++d) dot += q[d] * k[d];
                    const int index = (i.f - j.f + Wt - 1) * (2 * Wh - 1) * (2 * Ww - 1) +
                                      (i.y - j.y + Wh - 1) * (2 * Ww - 1) + (i.x - j.x + Ww - 1);
                    const double weight = std::exp(dot / std::sqrt(double(Dh)) + o.bias(a, index));
                    total += weight;
                    for (std::size_t d = 0; d < Dh; ++d) mixed[d] += weight * v[d];
                }
                for (int d = 0; d < Dh; ++d)
                    worst = std::max(
                        worst, std::abs(mixed[static_cast<std::size_t>(d)] / total - o.out(row(b, i), a * Dh + d)));
            }
    return worst;
}

// A frame of 4 x 6 tokens in tiles of 2 x 3, or in 4 x 3 of 2 x 3; windows are the frame, the outer or the inner tile.
using frame_and_tiles = token_order<4, 6, 4, 6, 2, 3>;
using nested_tiles = token_order<4, 6, 4, 3, 2, 3>;
using in_space = attention_shape<frame_and_tiles, 3, 1, 4, 6, 2, 10, true, image_rule::identity>;
using in_inner_tiles = attention_shape<frame_and_tiles, 3, 3, 2, 3, 2, 8, true, image_rule::identity>;
using in_outer_tiles = attention_shape<nested_tiles, 5, 5, 4, 3, 2, 6, true, image_rule::own_frame>;
using in_inner_space = attention_shape<nested_tiles, 5, 1, 2, 3, 3, 8, false, image_rule::identity>;
using in_everything = attention_shape<frame_and_tiles, 3, 3, 4, 6, 2, 20, false, image_rule::own_frame>;
using demo_in_time = attention_shape<token_order<6, 6, 6, 6, 6, 6>, 5, 5, 6, 6, 2, 32, true, image_rule::identity>;
using wide_heads = attention_shape<token_order<4, 6, 4, 6, 4, 6>, 2, 1, 4, 6, 1, 72, true, image_rule::identity>;

} // namespace

TEMPLATE_TEST_CASE("window attention's gradients are those of finite differences", "[ops][window_attention]", in_space,
                   in_inner_tiles, in_outer_tiles, in_inner_space) {
    reference::context ctx;
    window_operands<TestType, double> o;
    const auto f = [&] {
        o.forward(ctx);
        return testing::inner_product(o.out, o.dout);
    };
    f();
    std::fill_n(o.dbias.data(), o.dbias.size(), 0.0);
    if constexpr (TestType::qk_norm) {
        std::fill_n(o.dq_norm.data(), o.dq_norm.size(), 0.0);
        std::fill_n(o.dk_norm.data(), o.dk_norm.size(), 0.0);
    }
    o.backward(ctx);
    CHECK(testing::check_gradient(o.qkv, o.dqkv, f, 60).worst < 1e-6);
    CHECK(testing::check_gradient(o.bias, o.dbias, f, 30).worst < 1e-6);
    if constexpr (TestType::qk_norm) {
        CHECK(testing::check_gradient(o.q_norm, o.dq_norm, f).worst < 1e-6);
        CHECK(testing::check_gradient(o.k_norm, o.dk_norm, f).worst < 1e-6);
    }
}

TEST_CASE("window attention is full attention under the block mask", "[ops][window_attention]") {
    reference::context ctx;
    const auto distance = [&]<class Shape, int... Sizes>(Shape, std::integer_sequence<int, Sizes...>) {
        window_operands<Shape, double> o;
        o.forward(ctx);
        return distance_to_masked_attention<Shape, Sizes...>(o);
    };
    CHECK(distance(in_space{}, std::integer_sequence<int, 4, 6, 4, 6, 2, 3, 4, 6>{}) < 1e-12);
    CHECK(distance(in_inner_tiles{}, std::integer_sequence<int, 4, 6, 4, 6, 2, 3, 2, 3>{}) < 1e-12);
    CHECK(distance(in_outer_tiles{}, std::integer_sequence<int, 4, 6, 4, 3, 2, 3, 4, 3>{}) < 1e-12);
    CHECK(distance(in_inner_space{}, std::integer_sequence<int, 4, 6, 4, 3, 2, 3, 2, 3>{}) < 1e-12);
    CHECK(distance(in_everything{}, std::integer_sequence<int, 4, 6, 4, 6, 2, 3, 4, 6>{}) < 1e-12);
}

TEMPLATE_TEST_CASE("the cpu's window attention agrees with the reference", "[ops][window_attention][cpu]", in_space,
                   in_inner_tiles, in_outer_tiles, in_inner_space, in_everything, demo_in_time, wide_heads) {
    window_attention_agrees<TestType, float>(1e-5);
    window_attention_agrees<TestType, bf16>(1e-2);
}

TEST_CASE("under the identity mask an image's output is its own value, exactly", "[ops][window_attention][cpu]") {
    using Shape = in_inner_tiles;
    cpu::context ctx;
    window_operands<Shape, float> o;
    o.forward(ctx);
    o.backward(ctx);
    constexpr int D = Shape::width, rows = Shape::frames * Shape::per_frame;
    for (int r = rows; r < 2 * rows; ++r) // of the second sample
        for (int d = 0; d < D; ++d) {
            REQUIRE(o.out(r, d) == o.qkv(r, 2 * D + d));
            REQUIRE(o.dqkv(r, 2 * D + d) == o.dout(r, d));
            REQUIRE(o.dqkv(r, d) == 0.0f);
            REQUIRE(o.dqkv(r, D + d) == 0.0f);
        }
}

TEMPLATE_TEST_CASE("window attention gives the same bits for any number of threads, run after run",
                   "[ops][window_attention][cpu]", float, bf16) {
    cpu::context ctx;
    const int before = omp_get_max_threads();
    const auto expected = results<in_outer_tiles, TestType>(ctx, 1);
    CHECK(results<in_outer_tiles, TestType>(ctx, 1) == expected);
    CHECK(results<in_outer_tiles, TestType>(ctx, 2) == expected);
    CHECK(results<in_outer_tiles, TestType>(ctx, 5) == expected);
    omp_set_num_threads(before);
}
