// A linear map and a projection: finite differences, and the forward pass on paper.
#include "../catch.hpp"

#include <walt/nn/linear.hpp>
#include <walt/ops/reference/linear.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

TEST_CASE("a linear map is x w^T + b", "[nn][linear]") {
    testing::checked_module<nn::linear<2, 3>> net;
    const auto x = net.normals<1, 2>(1);
    const auto y = net.normals<1, 3>(2);
    const double masters[] = {1, 2, 3, 4, 5, 6}, bias[] = {10, 20, 30}, input[] = {1, -1};
    std::copy_n(masters, 6, net.net.masters().data() + net.part().weight.offset.all);
    std::copy_n(bias, 3, net.net.masters().data() + net.part().bias.offset.all);
    std::copy_n(input, 2, x.data());
    net.part().forward(net.ctx, net.weights(), x, y);
    CHECK(y.data()[0] == 9);
    CHECK(y.data()[1] == 19);
    CHECK(y.data()[2] == 29);
}

TEMPLATE_TEST_CASE("linear maps' gradients are those of finite differences", "[nn][linear]", (nn::linear<4, 3>),
                   (nn::projection<4, 3, init::xavier>)) {
    testing::checked_module<TestType> net;
    const auto x = net.template normals<dynamic, 4>(1, 5), dx = net.template normals<dynamic, 4>(2, 5);
    const auto y = net.template normals<dynamic, 3>(3, 5), dy = net.template normals<dynamic, 3>(4, 5);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), x, y);
        return inner_product(y, dy);
    };
    net.part().backward_parameters(net.ctx, x, dy, net.gradients());
    net.part().backward_input(net.ctx, net.weights(), dy, dx);
    CHECK(net.check_parameters(f).worst < 1e-7);
    CHECK(check_gradient(x, dx, f).worst < 1e-7);
}
