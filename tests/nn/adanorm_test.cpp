// The decoder's adaptive norm: finite differences of its maps, its input and the latent's statistics; how it starts.
#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/nn/adanorm.hpp>
#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;

namespace {
using module = nn::adanorm<6, 3, 2>;

struct fixture {
    reference::context ctx;
    model<reference::context, module, double> net{ctx, seed{1}};
    const video_size size{2, 5, 3, 4}; // 5 frames of 3 latent ones
    video_view<double, 6> x = size.take<double, 6>(ctx.arena), y = size.take<double, 6>(ctx.arena);
    nn::latent_frame_statistics<double, 3> latent{ctx.arena, 6}, dlatent{ctx.arena, 6};
    module::saved<double> keep{ctx.arena, size, 2};

    fixture() {
        testing::fill_normal(x, 1);
        testing::fill_normal(latent.mean, 2);
        testing::fill_normal(latent.deviation, 3, 0.3, 1);
    }
    void forward() { net.network().forward(ctx, net.weights(), x, latent, y, keep); }
};
} // namespace

TEST_CASE_METHOD(fixture, "an adaptive norm starts as a plain one", "[nn][adanorm]") {
    forward();
    for (int i = 0; i < 6 * 6; ++i) {
        CHECK(keep.scale.data()[i] == 1);
        CHECK(keep.shift.data()[i] == 0);
    }
}

TEST_CASE_METHOD(fixture, "an adaptive norm's gradients are those of finite differences", "[nn][adanorm]") {
    testing::fill_normal(net.masters(), 4);
    const auto dy = size.take<double, 6>(ctx.arena), dx = size.take<double, 6>(ctx.arena);
    testing::fill_normal(dy, 5);
    const auto f = [&] {
        forward();
        return testing::inner_product(y, dy);
    };
    f();
    buffer<double> gradient(ctx, placed<module>.extent);
    std::fill_n(dlatent.mean.data(), 18, 0.0);
    std::fill_n(dlatent.deviation.data(), 18, 0.0);
    net.network().backward(ctx, net.weights(), x, latent, keep, dy, dx, dlatent, gradients<double>{gradient.data()});
    CHECK(testing::check_gradient(x, dx, f).worst < 1e-5);
    CHECK(testing::check_gradient(latent.mean, dlatent.mean, f).worst < 1e-6);
    CHECK(testing::check_gradient(latent.deviation, dlatent.deviation, f).worst < 1e-6);
    const auto masters = net.masters();
    for (const parameter_row& row : parameter_table<module>()) {
        CAPTURE(row.name);
        CHECK(testing::check_gradient(masters.data() + row.offset, gradient.data() + row.offset, row.size, f).worst < 1e-6);
    }
}
