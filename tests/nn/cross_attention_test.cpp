// Cross-attention to text with its maps: finite differences of parameters, tokens and text; what is not valid is not
// seen.
#include "../catch.hpp"

#include <walt/nn/cross_attention.hpp>
#include <walt/ops/reference/cross_attention.hpp>
#include <walt/ops/reference/linear.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

TEMPLATE_TEST_CASE("cross-attention's gradients are those of finite differences", "[nn][cross_attention]",
                   (cross_shape<4, 3, 2, 4, true>), (cross_shape<4, 3, 2, 4, false>)) {
    using module = nn::cross_attention<TestType>;
    constexpr int D = TestType::width, N = TestType::per_frame, M = TestType::text_tokens, frames = 3,
                  rows = frames * N, texts = 2;
    testing::checked_module<module> net;
    const auto u = net.template normals<dynamic, D>(1, rows), du = net.template normals<dynamic, D>(2, rows);
    const auto y = net.template normals<dynamic, D>(3, rows), dy = net.template normals<dynamic, D>(4, rows);
    const auto projected = net.template normals<dynamic, D>(5, texts * M),
               dtext = net.template zeros<dynamic, D>(texts * M);
    const std::int32_t text_of_frame[] = {1, 0, 1};     // two frames share a text
    const std::uint8_t validity[] = {1, 1, 0, 1, 0, 0}; // words of the two texts
    const struct {
        view<double, dynamic, D> projected;
        view<const std::int32_t, dynamic> row;
        view<const std::uint8_t, dynamic> valid;
        view<const double, dynamic, 2 * D> kv{}; // not prepared
    } text{projected, view<const std::int32_t, dynamic>(text_of_frame, frames),
           view<const std::uint8_t, dynamic>(validity, texts * M)};
    const typename module::template saved<double> keep(net.ctx.arena, rows, texts * M);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), u, text, y, keep);
        return inner_product(y, dy);
    };
    f();
    net.part().backward(net.ctx, net.weights(), u, text, keep, dy, du, dtext, net.gradients());
    CHECK(net.check_parameters(f, 40).worst < 1e-5);
    CHECK(check_gradient(u, du, f, 60).worst < 1e-5);
    CHECK(check_gradient(projected, dtext, f).worst < 1e-5);

    const double before = f();
    for (const int hidden : {2, 4, 5}) projected(hidden, 0) += 100;
    CHECK(f() == before);
}
