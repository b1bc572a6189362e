// The decoder's adaptive norm: finite differences of its maps, its input and the latent's statistics; how it starts.
#include "../catch.hpp"

#include <walt/nn/adanorm.hpp>
#include <walt/reference.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;

namespace {
using module = nn::adanorm<6, 3, 2>;

struct fixture : testing::checked_module<module> {
    const video_size size{2, 5, 3, 4}; // 5 frames of 3 latent ones
    video_view<double, 6> x = size.take<double, 6>(ctx.arena), y = size.take<double, 6>(ctx.arena);
    nn::latent_frame_statistics<double, 3> latent{ctx.arena, 6}, dlatent{ctx.arena, 6};
    module::saved<double> keep{ctx.arena, size, 2};

    fixture() {
        testing::fill_normal(x, 1);
        testing::fill_normal(latent.mean, 2);
        testing::fill_normal(latent.deviation, 3, 0.3, 1);
    }
    void forward() { part().forward(ctx, weights(), x, latent, y, keep); }
};
} // namespace

TEST_CASE_METHOD(fixture, "an adaptive norm starts as a plain one", "[nn][adanorm]") {
    net = model<reference::context, module, double>(ctx, seed{1});
    forward();
    for (int i = 0; i < 6 * 6; ++i) {
        CHECK(keep.scale.data()[i] == 1);
        CHECK(keep.shift.data()[i] == 0);
    }
}

TEST_CASE_METHOD(fixture, "an adaptive norm's gradients are those of finite differences", "[nn][adanorm]") {
    const auto dy = size.take<double, 6>(ctx.arena), dx = size.take<double, 6>(ctx.arena);
    testing::fill_normal(dy, 5);
    const auto f = [&] {
        forward();
        return testing::inner_product(y, dy);
    };
    f();
    std::fill_n(dlatent.mean.data(), 18, 0.0);
    std::fill_n(dlatent.deviation.data(), 18, 0.0);
    part().backward(ctx, weights(), x, latent, keep, dy, dx, dlatent, gradients());
    CHECK(testing::check_gradient(x, dx, f).worst < 1e-5);
    CHECK(testing::check_gradient(latent.mean, dlatent.mean, f).worst < 1e-6);
    CHECK(testing::check_gradient(latent.deviation, dlatent.deviation, f).worst < 1e-6);
    CHECK(check_parameters(f).worst < 1e-6);
}
