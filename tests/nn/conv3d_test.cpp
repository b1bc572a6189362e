// A convolution with its parameters: finite differences over several geometries; no frame of a causal one sees a later
// one, chunks with their past are the whole.
#include "../catch.hpp"

#include <walt/nn/conv3d.hpp>
#include <walt/ops/reference/conv3d.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

namespace {
constexpr int In = 2, Out = 3;
constexpr video_size size{2, 5, 4, 6};
} // namespace

TEMPLATE_TEST_CASE("convolutions' gradients are those of finite differences", "[nn][conv3d]",
                   (nn::causal_conv3d<In, Out, 3, true>), (nn::causal_conv3d<In, Out, 3, false, 2, 2>),
                   (nn::causal_conv3d<In, Out, 1, true>),
                   (nn::conv3d<In, Out, conv_geometry::same_symmetric({3, 3, 3}, {2, 1, 1}), true>),
                   (nn::conv3d<In, Out, conv_geometry::valid({2, 4, 3}), false>),
                   (nn::conv3d<In, Out, conv_geometry::causal({3, 2, 3}, {}, padding::replicate), true>)) {
    testing::checked_module<TestType> net;
    const video_size after = TestType::geometry.after(size);
    const auto x = size.take<double, In>(net.ctx.arena), dx = size.take<double, In>(net.ctx.arena);
    const auto y = after.take<double, Out>(net.ctx.arena), dy = after.take<double, Out>(net.ctx.arena);
    testing::fill_normal(x, 1);
    testing::fill_normal(dy, 2);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), x, y);
        return inner_product(y, dy);
    };
    net.part().backward_parameters(net.ctx, x, dy, net.gradients());
    net.part().backward_input(net.ctx, net.weights(), dy, dx);
    CHECK(net.check_parameters(f, 40).worst < 1e-6);
    CHECK(check_gradient(x, dx, f, 60).worst < 1e-6);
}

TEST_CASE("a convolution's frame does not depend on later ones", "[nn][conv3d]") {
    testing::checked_module<nn::causal_conv3d<In, Out, 3, true>> net;
    const auto x = size.take<double, In>(net.ctx.arena);
    const auto y = size.take<double, Out>(net.ctx.arena);
    testing::fill_normal(x, 1);
    net.part().forward(net.ctx, net.weights(), x, y);
    const std::vector<double> before(y.data(), y.data() + y.size());
    for (int later = 1; later < 5; ++later) {
        x(0, later, 1, 2, 0) += 3;
        net.part().forward(net.ctx, net.weights(), x, y);
        CHECK(std::equal(before.begin(), before.begin() + later * 4 * 6 * Out, y.data()));
        CHECK(y(0, later, 1, 2, 0) != before[static_cast<std::size_t>(((later * 4 + 1) * 6 + 2) * Out)]);
        x(0, later, 1, 2, 0) -= 3;
    }
}

TEST_CASE("a convolution's chunk goes on from its past", "[nn][conv3d]") {
    testing::checked_module<nn::causal_conv3d<In, Out, 3, true>> net;
    constexpr video_size video{1, 5, 4, 6}, tail{1, 3, 4, 6};
    const auto x = video.take<double, In>(net.ctx.arena);
    const auto y = video.take<double, Out>(net.ctx.arena), last = tail.take<double, Out>(net.ctx.arena);
    testing::fill_normal(x, 1);
    net.part().forward(net.ctx, net.weights(), x, y);
    const auto frames = [&](std::int64_t first, std::int64_t count) {
        return video_view<double, In>(x.data() + first * 4 * 6 * In, 1, count, 4, 6);
    };
    net.part().forward(net.ctx, net.weights(), frames(2, 3), last, frames(0, 2));
    CHECK(std::equal(last.data(), last.data() + last.size(), y.data() + 2 * 4 * 6 * Out));
}
