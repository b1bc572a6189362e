// The diffusion step's embedding: the code on paper, finite differences.
#include "../catch.hpp"

#include <walt/nn/conditioning.hpp>
#include <walt/ops/reference/embedding.hpp>
#include <walt/ops/reference/linear.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

TEST_CASE("the embedding of diffusion steps: its code, and finite differences", "[nn][conditioning]") {
    constexpr int D = 4, rows = 6, rows_a_step = 2; // three frames' steps, each of two rows
    using module = nn::step_embedding<D>;
    testing::checked_module<module> net;
    const std::int32_t steps[] = {0, 7, 999};
    const view<const std::int32_t, dynamic> step(steps, 3);
    const auto e = net.normals<dynamic, D>(1, rows), de = net.normals<dynamic, D>(2, rows);
    const module::saved<double> keep(net.ctx.arena, rows);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), step, rows_a_step, e, keep);
        return inner_product(e, de);
    };
    f();
    for (const int k : {0, 1, 127}) { // docs/model.md 1.4: cosines, then sines
        const double angle = 7 * std::exp(-std::log(10000.0) * k / 128);
        for (const int row : {2, 3}) {
            CHECK(keep.x(row, k) == Approx(std::cos(angle)));
            CHECK(keep.x(row, 128 + k) == Approx(std::sin(angle)));
        }
    }
    net.part().backward(net.ctx, net.weights(), keep, de, net.gradients());
    CHECK(net.check_parameters(f, 60).worst < 1e-6);
}
