// Down and up between levels: sizes and finite differences.
#include "../catch.hpp"

#include <walt/nn/resample.hpp>
#include <walt/reference.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;

namespace {
template <class Module, int C> void check(const video_size& in, const video_size& out) {
    testing::checked_module<Module> net;
    const auto x = in.take<double, C>(net.ctx.arena), dx = in.take<double, C>(net.ctx.arena);
    const auto y = out.take<double, C>(net.ctx.arena), dy = out.take<double, C>(net.ctx.arena);
    testing::fill_normal(x, 1);
    testing::fill_normal(dy, 2);
    const activations mode = GENERATE(activations::all, activations::rematerialise);
    const typename Module::template saved<double> keep(net.ctx.arena, in, mode);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), x, y, keep);
        return testing::inner_product(y, dy);
    };
    f();
    net.part().backward(net.ctx, net.weights(), x, keep, dy, dx, net.gradients());
    CHECK(testing::check_gradient(x, dx, f).worst < 1e-6);
    CHECK(net.check_parameters(f, 30).worst < 1e-6);
}
} // namespace

TEST_CASE("downsampling halves space, and time where it strides", "[nn][resample]") {
    check<nn::downsample<3, conv_geometry::causal({3, 3, 3}, {2, 2, 2})>, 3>({2, 5, 4, 6}, {2, 3, 2, 3});
    check<nn::downsample<3, conv_geometry::same_symmetric({3, 3, 3}, {1, 2, 2})>, 3>({1, 3, 4, 6}, {1, 3, 2, 3});
    check<nn::downsample<3, conv_geometry::causal({3, 3, 3}, {2, 1, 1})>, 3>({2, 5, 1, 6}, {2, 3, 1, 6});
}

TEST_CASE("upsampling undoes the sizes of downsampling", "[nn][resample]") {
    using twice = nn::upsample<3, 2, conv_geometry::causal({3, 3, 3})>;
    using space = nn::upsample<3, 1, conv_geometry::causal({1, 3, 3})>;
    CHECK(twice::after({2, 3, 2, 3}) == video_size{2, 5, 4, 6});
    CHECK(space::after({2, 3, 2, 3}) == video_size{2, 3, 4, 6});
    check<twice, 3>({1, 3, 2, 3}, {1, 5, 4, 6});
    using time = nn::upsample<3, 2, conv_geometry::causal({3, 3, 3}), 1>;
    check<space, 3>({2, 2, 2, 3}, {2, 2, 4, 6});
    check<time, 3>({2, 3, 1, 6}, {2, 5, 1, 6});
}
