// One block of the transformer: finite differences of its parameters, the stream and the condition; identity at the
// start.
#include "../catch.hpp"

#include <walt/reference.hpp>
#include <walt/testing/module_check.hpp>
#include <walt/transformer/block.hpp>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

namespace {

constexpr int F = 2, N = 6, samples = 2, frames = samples * F, rows = frames * N, texts = 2, M = 3;
using shape = attention_shape<token_order<2, 3, 2, 3, 2, 3>, F, F, 2, 3, 2, 4, true, image_rule::identity>;
constexpr int D = shape::width;

/// What a block takes beside the stream.
template <int K> struct conditions {
    arena memory{allocate_host};
    view<double, dynamic, D> s = normals<D>(1, frames), text = normals<D>(2, texts*M);
    view<double, dynamic, K* D> base = normals<K * D>(3, frames);
    view<double, dynamic, D> ds = zeros<D>(frames), dtext = zeros<D>(texts * M);
    view<double, dynamic, K* D> dbase = zeros<K * D>(frames);
    std::vector<std::uint8_t> is_image{0, 1}, valid{1, 1, 0, 1, 0, 0};
    std::vector<std::int32_t> row{1, 1, 0, 1};

    block_condition<double, D, K> of() const {
        using bytes = view<const std::uint8_t, dynamic>;
        return {s.read(),
                base.read(),
                bytes(is_image.data(), samples),
                {text.read(), view<const std::int32_t, dynamic>(row.data(), frames), bytes(valid.data(), texts * M)}};
    }
    block_condition_gradient<double, D, K> gradient() const { return {ds, dbase, dtext}; }

  private:
    template <int Width> view<double, dynamic, Width> normals(std::uint64_t stream, std::int64_t count) {
        const auto x = memory.take<double, dynamic, Width>(count);
        testing::fill_normal(x, stream, 0.7);
        return x;
    }
    template <int Width> view<double, dynamic, Width> zeros(std::int64_t count) {
        const auto x = memory.take<double, dynamic, Width>(count);
        std::fill_n(x.data(), x.size(), 0.0);
        return x;
    }
};

using with_text = transformer_block<shape, cross_shape<N, M, 2, 4, true>, 12, 2>;
using separate = transformer_block<shape, nothing, 12, 0>;

} // namespace

TEMPLATE_TEST_CASE("a block's gradients are those of finite differences", "[transformer][block]", with_text, separate) {
    testing::checked_module<TestType> net;
    conditions<TestType::K> c;
    const auto h = net.template normals<dynamic, D>(4, rows), h_next = net.template normals<dynamic, D>(5, rows);
    const auto dy = net.template normals<dynamic, D>(6, rows),
               dh = net.template normals<dynamic, D>(6, rows); // equal: backward changes dh
    const typename TestType::template saved<double> keep(net.ctx.arena, rows, frames, texts * M);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), c.of(), h, h_next, keep);
        return inner_product(h_next, dy);
    };
    f();
    net.part().backward(net.ctx, net.weights(), c.of(), h, keep, dh, c.gradient(), net.gradients());
    const auto worst = net.check_parameters(f, 12);
    CAPTURE(worst.name);
    CHECK(worst.worst < 1e-5);
    CHECK(check_gradient(h, dh, f, 40).worst < 1e-5);
    CHECK(check_gradient(c.s, c.ds, f, 20).worst < 1e-5);
    if (TestType::has_text) CHECK(check_gradient(c.text, c.dtext, f).worst < 1e-5);
    if (TestType::K == 9) CHECK(check_gradient(c.base, c.dbase, f, 60).worst < 1e-5);
}

TEST_CASE("a block whose modulation is zero is the identity",
          "[transformer][block]") { // gates start at zero (docs/model.md 1.7)
    testing::checked_module<with_text> net;
    conditions<9> c;
    net.net = model<reference::context, with_text, double>(net.ctx, seed{1});
    std::fill_n(c.base.data(), c.base.size(), 0.0);
    const auto h = net.normals<dynamic, D>(4, rows), h_next = net.normals<dynamic, D>(5, rows);
    net.part().forward(net.ctx, net.weights(), c.of(), h, h_next,
                       with_text::saved<double>(net.ctx.arena, rows, frames, texts * M));
    CHECK(std::equal(h.data(), h.data() + h.size(), h_next.data()));
}
