// Window attention on the CUDA device against the reference: forward and every gradient, of videos and of images.
#include "window_samples.cuh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace tests {
using namespace walt;

namespace {

using frame_and_tiles = token_order<4, 6, 4, 6, 2, 3>;
using nested_tiles = token_order<4, 6, 4, 3, 2, 3>;
using in_space = attention_shape<frame_and_tiles, 3, 1, 4, 6, 2, 10, true, image_rule::identity>;
using in_inner_tiles = attention_shape<frame_and_tiles, 3, 3, 2, 3, 2, 16, true, image_rule::identity>;
using in_outer_tiles = attention_shape<nested_tiles, 5, 5, 4, 3, 2, 72, true, image_rule::own_frame>;
using in_inner_space = attention_shape<nested_tiles, 2, 1, 2, 3, 3, 7, false, image_rule::identity>;
using in_everything = attention_shape<frame_and_tiles, 3, 3, 4, 6, 2, 64, false, image_rule::own_frame>;
using several_tiles = attention_shape<token_order<6, 6, 6, 6, 6, 6>, 5, 5, 6, 6, 1, 32, true, image_rule::identity>;
using wide_heads = attention_shape<token_order<4, 6, 4, 6, 4, 6>, 2, 1, 4, 6, 1, 88, true, image_rule::identity>;
using odd_heads = attention_shape<frame_and_tiles, 3, 1, 4, 6, 2, 9, true, image_rule::identity>;
using part_of_a_tile = attention_shape<token_order<6, 8, 6, 8, 6, 8>, 2, 1, 6, 8, 1, 16, true, image_rule::identity>;
using widest_heads = attention_shape<token_order<4, 6, 4, 6, 4, 6>, 3, 3, 4, 6, 1, 144, true, image_rule::identity>;

/// Queries and keys of a large mean, which the norm takes away; exact in bf16.
template <class T> struct far_from_zero : samples<in_inner_tiles>::operands<T> {
    far_from_zero() {
        constexpr int D = in_inner_tiles::width;
        for (int r = 0; r < this->rows; ++r)
            for (int d = 0; d < 2 * D; ++d)
                this->qkv(r, d) = static_cast<T>(64 + std::round(2 * static_cast<double>(this->qkv(r, d))) / 2);
    }
};

} // namespace

TEMPLATE_TEST_CASE("cuda: window attention agrees with the reference", "[cuda][window_attention]", in_space,
                   in_inner_tiles, in_outer_tiles, in_inner_space, in_everything, several_tiles, wide_heads,
                   widest_heads, odd_heads, part_of_a_tile) {
    window_attention_agrees<TestType, float>(1e-5);
    window_attention_agrees<TestType, bf16>(2e-2);
}

TEST_CASE("cuda: window attention does not see the mean of a query or of a key", "[cuda][window_attention]") {
    walt::cuda::context device;
    reference::context plain;
    agrees_with_reference<far_from_zero, float>(device, plain, {1e-4}); // 64 to 1.5, so a digit is lost
    agrees_with_reference<far_from_zero, bf16>(device, plain, {2e-2, 2e-2});
}

TEST_CASE("cuda: rows of a tile that are not there read no bias", "[cuda][window_attention]") {
    using Shape = part_of_a_tile; // a warp's rows begin behind the last one
    walt::cuda::context device;
    samples<Shape>::operands<float> o;
    constexpr int guard = 64, size = Shape::heads * Shape::bias_size;
    std::vector<float> guarded(size + 2 * guard, std::numeric_limits<float>::quiet_NaN());
    std::copy_n(o.bias.data(), size, guarded.begin() + guard);
    testing::on_device(device, o, [&](auto& there) {
        const auto in_between = device.arena.take<float, dynamic>(size + 2 * guard);
        device.upload(in_between.data(), guarded.data(), guarded.size() * sizeof(float));
        const auto bias = std::exchange(there.bias, decltype(there.bias)(in_between.data() + guard));
        there.run(device);
        there.bias = bias;
    });
    for (int d = 0; d < Shape::head_dim; ++d) {
        CHECK(std::isfinite(o.dq_norm(d)));
        CHECK(std::isfinite(o.dk_norm(d)));
    }
}

TEST_CASE("cuda: under the identity mask an image's output is its own value, exactly", "[cuda][window_attention]") {
    using Shape = in_inner_tiles;
    walt::cuda::context device;
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

TEMPLATE_TEST_CASE("cuda: window attention gives the same bits run after run", "[cuda][window_attention]", float,
                   bf16) {
    walt::cuda::context device;
    const auto run = [&] {
        typename samples<in_outer_tiles>::template operands<TestType> o;
        testing::on_device(device, o, [&](auto& there) { there.run(device); });
        return std::vector{bytes(o.out),     bytes(o.lse),     bytes(o.dqkv),
                           bytes(o.dq_norm), bytes(o.dk_norm), bytes(o.dbias)};
    };
    CHECK(run() == run());
}

} // namespace tests
