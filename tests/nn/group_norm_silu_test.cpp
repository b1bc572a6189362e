// Group norm and SiLU: finite differences; a frame's result does not depend on other frames.
#include "../catch.hpp"

#include <walt/nn/group_norm_silu.hpp>
#include <walt/ops/reference/group_norm.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

namespace {
constexpr int C = 4;
constexpr video_size size{2, 3, 2, 3};
using module = nn::group_norm_silu<C, 2>;
} // namespace

TEST_CASE("group norm's gradients are those of finite differences", "[nn][group_norm_silu]") {
    testing::checked_module<module> net;
    const auto x = size.take<double, C>(net.ctx.arena), y = size.take<double, C>(net.ctx.arena);
    const auto dx = size.take<double, C>(net.ctx.arena), dy = size.take<double, C>(net.ctx.arena);
    testing::fill_normal(x, 1);
    testing::fill_normal(dy, 2);
    const module::saved<double> keep(net.ctx.arena, size);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), x, y, keep);
        return inner_product(y, dy);
    };
    f();
    net.part().backward(net.ctx, net.weights(), x, keep, dy, dx, net.gradients());
    CHECK(net.check_parameters(f).worst < 1e-6);
    CHECK(check_gradient(x, dx, f).worst < 1e-6);

    const std::vector<double> assigned(dx.data(), dx.data() + dx.size());
    net.part().backward_add(net.ctx, net.weights(), x, keep, dy, dx, net.gradients());
    for (std::size_t i = 0; i < assigned.size(); ++i) CHECK(dx.data()[i] == Approx(2 * assigned[i]).margin(1e-12));
}

TEST_CASE("a frame is normalised by itself",
          "[nn][group_norm_silu]") { // docs/model.md 3: else a later frame would reach an earlier one
    testing::checked_module<module> net;
    const auto x = size.take<double, C>(net.ctx.arena), y = size.take<double, C>(net.ctx.arena);
    testing::fill_normal(x, 1);
    const module::saved<double> keep(net.ctx.arena, size);
    net.part().forward(net.ctx, net.weights(), x, y, keep);
    const std::vector<double> before(y.data(), y.data() + y.size());
    x(0, 1, 0, 0, 0) += 3;
    net.part().forward(net.ctx, net.weights(), x, y, keep);
    constexpr std::size_t frame = 2 * 3 * C;
    for (std::size_t i = 0; i < before.size(); ++i)
        if (i / frame != 1) CHECK(y.data()[i] == before[i]);
    CHECK(y.data()[frame] != before[frame]);
}
