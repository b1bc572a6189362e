// A causal convolution with its parameters: finite differences at every stride; no frame sees a later one.
#include "../catch.hpp"

#include <walt/nn/causal_conv3d.hpp>
#include <walt/ops/reference/causal_conv3d.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

namespace {
constexpr int In = 2, Out = 3;
constexpr video_size size{2, 5, 4, 6};
} // namespace

TEMPLATE_TEST_CASE("causal convolutions' gradients are those of finite differences", "[nn][causal_conv3d]",
                   (nn::causal_conv3d<In, Out, 3, true>), (nn::causal_conv3d<In, Out, 3, false, 2, 2>),
                   (nn::causal_conv3d<In, Out, 1, true>)) {
    testing::checked_module<TestType> net;
    const video_size after = size.after(TestType::stride);
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

TEST_CASE("a convolution's frame does not depend on later ones", "[nn][causal_conv3d]") {
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
