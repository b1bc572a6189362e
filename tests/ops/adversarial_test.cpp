// The losses of a critic's answers: their values by definition, their gradients by finite differences.
#include "../catch.hpp"

#include <walt/ops/cpu/context.hpp>
#include <walt/ops/reference/adversarial.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;

namespace {
struct answers {
    reference::context ctx;
    view<double, dynamic> real = ctx.arena.take<double, dynamic>(5), fake = ctx.arena.take<double, dynamic>(3),
                          dreal = ctx.arena.take<double, dynamic>(5), dfake = ctx.arena.take<double, dynamic>(3);
    view<double, 1> loss = ctx.arena.take<double, 1>();
    view<double, 2> averages = ctx.arena.take<double, 2>(), means = ctx.arena.take<double, 2>();
    answers() {
        testing::fill_normal(real, 1, 2);
        testing::fill_normal(fake, 2, 2);
    }
};
} // namespace

TEST_CASE("the non-saturating loss is the mean softplus", "[ops][adversarial]") {
    answers a;
    const int sign = GENERATE(-1, 1);
    const auto f = [&] {
        ops::softplus_loss(a.ctx, a.real, sign, a.loss, a.dreal);
        return a.loss(0);
    };
    double right = 0;
    for (int i = 0; i < 5; ++i) right += std::log(1 + std::exp(sign * a.real(i))) / 5;
    CHECK(f() == Approx(right).epsilon(1e-14));
    const std::vector<double> d(a.dreal.data(), a.dreal.data() + 5);
    CHECK(testing::check_gradient(a.real, d, f).worst < 1e-8);

    a.real(0) = 1e4; // no overflow: the loss is linear far out, or nothing
    a.real(1) = -1e4;
    CHECK(f() == Approx(1e4 / 5).margin(2));
    CHECK(a.dreal(sign > 0 ? 0 : 1) == Approx(sign / 5.0));
    CHECK(a.dreal(sign > 0 ? 1 : 0) == 0);
    a.real(2) = std::numeric_limits<double>::quiet_NaN();
    CHECK(std::isnan(f()));
}

TEST_CASE("LeCam holds each mean against the other's average", "[ops][adversarial]") {
    answers a;
    double real = 0, fake = 0;
    for (int i = 0; i < 5; ++i) real += a.real(i) / 5;
    for (int i = 0; i < 3; ++i) fake += a.fake(i) / 3;
    const double above = GENERATE(-0.3, 0.7), below = GENERATE(-0.2, 0.4); // how far the means are beyond
    a.averages(0) = fake + below;
    a.averages(1) = real - above;
    const auto f = [&] {
        ops::lecam(a.ctx, a.real, a.fake, a.averages, a.means, a.loss, a.dreal, a.dfake);
        return a.loss(0);
    };
    CHECK(f() == Approx((above > 0 ? above * above : 0) + (below > 0 ? below * below : 0)).epsilon(1e-12));
    CHECK(a.means(0) == Approx(real));
    CHECK(a.means(1) == Approx(fake));
    const std::vector<double> dreal(a.dreal.data(), a.dreal.data() + 5), dfake(a.dfake.data(), a.dfake.data() + 3);
    CHECK(testing::check_gradient(a.real, dreal, f).worst < 1e-7);
    CHECK(testing::check_gradient(a.fake, dfake, f).worst < 1e-7);
}
