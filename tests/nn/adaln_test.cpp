// AdaLN-LoRA and separate AdaLN: finite differences, and that both begin as a plain layer norm.
#include "../catch.hpp"

#include <walt/nn/adaln.hpp>
#include <walt/ops/reference/linear.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

namespace {
constexpr int D = 4, K = 6, rows = 3;
}

TEMPLATE_TEST_CASE("adaptive layer norms' gradients are those of finite differences", "[nn][adaln]",
                   (nn::adaln<D, K, 2>), (nn::adaln<D, K, 0>)) {
    testing::checked_module<TestType> net;
    const auto s = net.template normals<dynamic, D>(1, rows), ds = net.template zeros<dynamic, D>(rows);
    const auto base = net.template normals<dynamic, K * D>(2, rows), dbase = net.template zeros<dynamic, K * D>(rows);
    const auto m = net.template normals<dynamic, K * D>(3, rows), dm = net.template normals<dynamic, K * D>(4, rows);
    const typename TestType::template saved<double> keep(net.ctx.arena, rows);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), s, base, m, keep);
        return inner_product(m, dm);
    };
    f();
    net.part().backward(net.ctx, net.weights(), s, keep, dm, ds, dbase, net.gradients());
    CHECK(net.check_parameters(f).worst < 1e-6);
    CHECK(check_gradient(s, ds, f).worst < 1e-6);
    CHECK(check_gradient(base, dbase, f).worst < 1e-6);
}

TEST_CASE("a layer's low-rank part starts at zero: the modulation is the shared base", "[nn][adaln]") { // paper eq. 3
    using module = nn::adaln<D, K, 2>;
    reference::context ctx;
    const model<reference::context, module, double> net(ctx, seed{1});
    const auto s = ctx.arena.take<double, dynamic, D>(rows);
    const auto base = ctx.arena.take<double, dynamic, K * D>(rows), m = ctx.arena.take<double, dynamic, K * D>(rows);
    testing::fill_normal(s, 1);
    testing::fill_normal(base, 2);
    net.network().forward(ctx, net.weights(), s, base, m, module::saved<double>(ctx.arena, rows));
    CHECK(std::equal(m.data(), m.data() + m.size(), base.data()));
}
