// The MLP of a block: finite differences.
#include "../catch.hpp"

#include <walt/nn/mlp.hpp>
#include <walt/ops/reference/linear.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

TEST_CASE("an MLP's gradients are those of finite differences", "[nn][mlp]") {
    testing::checked_module<nn::mlp<4, 6>> net;
    const auto u = net.normals<dynamic, 4>(1, 5), du = net.normals<dynamic, 4>(2, 5);
    const auto y = net.normals<dynamic, 4>(3, 5), dy = net.normals<dynamic, 4>(4, 5);
    const nn::mlp<4, 6>::saved<double> keep(net.ctx.arena, 5);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), u, y, keep);
        return inner_product(y, dy);
    };
    f();
    net.part().backward(net.ctx, net.weights(), u, keep, dy, du, net.gradients());
    CHECK(net.check_parameters(f).worst < 1e-6);
    CHECK(check_gradient(u, du, f).worst < 1e-6);
}
