// Down and up between levels: sizes and finite differences.
#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/nn/resample.hpp>
#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;

namespace {
template <class Module, int C> void check(const video_size& in, const video_size& out) {
    reference::context ctx;
    model<reference::context, Module, double> net(ctx, seed{1});
    const auto x = in.take<double, C>(ctx.arena), input = in.take<double, C>(ctx.arena), dx = in.take<double, C>(ctx.arena);
    const auto y = out.take<double, C>(ctx.arena), dy = out.take<double, C>(ctx.arena);
    testing::fill_normal(x, 1);
    testing::fill_normal(dy, 2);
    const auto f = [&] {
        net.network().forward(ctx, net.weights(), x, input, y);
        return testing::inner_product(y, dy);
    };
    f();
    buffer<double> gradient(ctx, placed<Module>.extent);
    net.network().backward(ctx, net.weights(), input, dy, dx, gradients<double>{gradient.data()});
    CHECK(testing::check_gradient(x, dx, f).worst < 1e-6);
    const auto masters = net.masters();
    for (const parameter_row& row : parameter_table<Module>()) {
        CAPTURE(row.name);
        CHECK(testing::check_gradient(masters.data() + row.offset, gradient.data() + row.offset, row.size, f, 30).worst < 1e-6);
    }
}
} // namespace

TEST_CASE("downsampling halves space, and time where it strides", "[nn][resample]") {
    check<nn::downsample<3, 2>, 3>({2, 5, 4, 6}, {2, 3, 2, 3});
    check<nn::downsample<3, 1>, 3>({1, 3, 4, 6}, {1, 3, 2, 3});
}

TEST_CASE("upsampling undoes the sizes of downsampling", "[nn][resample]") {
    using twice = nn::upsample<3, 2>;
    using space = nn::upsample<3, 1>;
    CHECK(twice::after({2, 3, 2, 3}) == video_size{2, 5, 4, 6});
    CHECK(space::after({2, 3, 2, 3}) == video_size{2, 3, 4, 6});
    check<twice, 3>({1, 3, 2, 3}, {1, 5, 4, 6});
    check<space, 3>({2, 2, 2, 3}, {2, 2, 4, 6});
}
