// Self-attention with its maps: finite differences, with and without QK norm, images among the samples.
#include "../catch.hpp"

#include <walt/nn/window_attention.hpp>
#include <walt/ops/reference/linear.hpp>
#include <walt/ops/reference/window_attention.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

namespace {
/// Two frames of 2 x 6 tokens in windows of 2 x 2 x 3.
template <bool QkNorm>
using shape = attention_shape<token_order<2, 6, 2, 3, 2, 3>, 2, 2, 2, 3, 2, 4, QkNorm, image_rule::identity>;
} // namespace

TEMPLATE_TEST_CASE("window attention's gradients are those of finite differences", "[nn][window_attention]",
                   shape<true>, shape<false>) {
    using module = nn::window_attention<TestType>;
    constexpr int D = TestType::width, samples = 2, rows = samples * 2 * 12;
    testing::checked_module<module> net;
    const auto u = net.template normals<dynamic, D>(1, rows), du = net.template normals<dynamic, D>(2, rows);
    const auto y = net.template normals<dynamic, D>(3, rows), dy = net.template normals<dynamic, D>(4, rows);
    const std::uint8_t images[] = {0, 1};
    const view<const std::uint8_t, dynamic> is_image(images, samples);
    const typename module::template saved<double> keep(net.ctx.arena, rows);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), u, is_image, y, keep);
        return inner_product(y, dy);
    };
    f();
    net.part().backward(net.ctx, net.weights(), u, is_image, keep, dy, du, net.gradients());
    CHECK(net.check_parameters(f, 40).worst < 1e-5);
    CHECK(check_gradient(u, du, f, 60).worst < 1e-5);
}
