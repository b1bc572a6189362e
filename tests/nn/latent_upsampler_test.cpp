// Super-resolution's upsampler: finite differences; a frame is doubled by itself.
#include "../catch.hpp"

#include <walt/nn/latent_upsampler.hpp>
#include <walt/ops/reference/conv3d.hpp>
#include <walt/ops/reference/depth_to_space.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

TEST_CASE("the latent upsampler's gradients are those of finite differences", "[nn][latent_upsampler]") {
    constexpr int C = 2, B = 2, F = 3, H = 2, W = 3;
    testing::checked_module<nn::latent_upsampler<C>> net;
    const auto low = net.normals<dynamic, F, H, W, C>(1, B), dlow = net.normals<dynamic, F, H, W, C>(2, B);
    const auto up = net.normals<dynamic, F, 2 * H, 2 * W, C>(3, B),
               dup = net.normals<dynamic, F, 2 * H, 2 * W, C>(4, B);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), low, up);
        return inner_product(up, dup);
    };
    f();
    net.part().backward(net.ctx, net.weights(), low, dup, dlow, net.gradients());
    CHECK(net.check_parameters(f, 40).worst < 1e-6);
    CHECK(check_gradient(low, dlow, f).worst < 1e-6);

    const std::vector<double> once(net.gradient.data(), net.gradient.data() + placed<nn::latent_upsampler<C>>.extent);
    net.part().backward(net.ctx, net.weights(), low, dup, none{},
                        net.gradients()); // not wanted: gradients add up alone
    for (std::size_t i = 0; i < once.size(); ++i) CHECK(net.gradient.data()[i] == Approx(2 * once[i]));

    f(); // the check leaves its last perturbation's result
    const std::vector<double> before(up.data(), up.data() + up.size());
    low(0, 1, 0, 0, 0) += 3;
    f();
    constexpr std::size_t frame = 4 * H * W * C;
    for (std::size_t i = 0; i < before.size(); ++i)
        if (i / frame != 1) CHECK(up.data()[i] == before[i]);
}
