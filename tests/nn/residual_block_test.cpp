// A residual block, and a list of them: finite differences of every parameter and of the input.
#include "../catch.hpp"

#include <walt/nn/residual_blocks.hpp>
#include <walt/reference.hpp>
#include <walt/testing/module_check.hpp>

using namespace walt;

namespace {
template <class Module, int In, int Out> void check(activations mode) {
    testing::checked_module<Module> net;
    const video_size size{1, 3, 4, 5};
    const auto x = size.take<double, In>(net.ctx.arena), dx = size.take<double, In>(net.ctx.arena);
    const auto dy = size.take<double, Out>(net.ctx.arena), used_up = size.take<double, Out>(net.ctx.arena);
    testing::fill_normal(x, 1);
    testing::fill_normal(dy, 2);

    const auto keep = typename Module::template saved<double>(net.ctx.arena, x, mode);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), x, keep);
        return testing::inner_product(keep.output(), dy);
    };
    f();
    std::copy_n(dy.data(), dy.size(), used_up.data());
    net.part().backward(net.ctx, net.weights(), x, keep, used_up, dx, net.gradients());
    if constexpr (In == Out) { // where the gradient lies
        std::copy_n(dy.data(), dy.size(), used_up.data());
        net.part().backward_in_place(net.ctx, net.weights(), x, keep, used_up, no_gradients{});
        CHECK(std::equal(dx.data(), dx.data() + dx.size(), used_up.data()));
    }
    CHECK(testing::check_gradient(x, dx, f).worst < 1e-5);
    const auto worst = net.check_parameters(f, 20);
    CAPTURE(worst.name);
    CHECK(worst.worst < 1e-5);
}
} // namespace

TEST_CASE("residual blocks' gradients are those of finite differences", "[nn][residual_block]") {
    const activations mode = GENERATE(activations::all, activations::rematerialise);
    check<nn::residual_blocks<6, 4, 3, 2>, 6, 4>(mode); // the first changes the channels, through `skip`
    check<nn::residual_blocks<6, 6, 1, 4>, 6, 6>(mode);
    check<nn::residual_blocks<4, 4, 2, 2, conv_geometry::same_symmetric({3, 3, 3})>, 4, 4>(mode);
}

TEMPLATE_TEST_CASE("a block in place gives the bits of one that is not", "[nn][residual_block]",
                   (nn::residual_block<6, 6, 2>)) {
    reference::context ctx;
    model<reference::context, TestType, float> net(ctx, seed{1});
    const video_size size{2, 3, 4, 5};
    const auto x = size.take<float, 6>(ctx.arena), y = size.take<float, 6>(ctx.arena);
    testing::fill_normal(x, 1);
    const typename TestType::template saved<float> keep(ctx.arena, size, activations::all);
    net.network().forward(ctx, net.weights(), x, y, keep);
    net.network().forward_in_place(ctx, net.weights(), x, keep);
    CHECK(std::equal(x.data(), x.data() + x.size(), y.data()));
}

TEMPLATE_TEST_CASE("what is not kept is made again, and a frozen list gives the input's gradient",
                   "[nn][residual_block]", (nn::residual_blocks<6, 4, 3, 2>), (nn::residual_blocks<6, 6, 2, 2>)) {
    constexpr int Out = TestType::first_block::norm_out::channels;
    reference::context ctx;
    model<reference::context, TestType, float> net(ctx, seed{1});
    const video_size size{2, 3, 4, 5};
    const auto x = size.take<float, 6>(ctx.arena);
    testing::fill_normal(x, 1);
    const auto run = [&](activations mode, const auto& sink) {
        const typename TestType::template saved<float> keep(ctx.arena, x, mode);
        net.network().forward(ctx, net.weights(), x, keep);
        const auto dy = size.take<float, Out>(ctx.arena);
        const auto dx = size.take<float, 6>(ctx.arena);
        testing::fill_normal(dy, 2);
        net.network().backward(ctx, net.weights(), x, keep, dy, dx, sink);
        return std::vector<float>(dx.data(), dx.data() + dx.size());
    };
    std::vector<float> all(placed<TestType>.extent), again(all);
    const auto dx = run(activations::all, gradients<float>{all.data()});
    CHECK(run(activations::rematerialise, gradients<float>{again.data()}) == dx);
    CHECK(again == all);
    CHECK(run(activations::input_gradient, no_gradients{}) == dx);
    CHECK(run(activations::rematerialise, no_gradients{}) == dx);
    CHECK_THROWS_WITH(run(activations::input_gradient, gradients<float>{all.data()}),
                      Catch::Matchers::Contains("keeps nothing for the gradients of weights"));
}

TEST_CASE("a list of blocks has a block's parameters, block after block", "[nn][residual_block]") {
    using list = nn::residual_blocks<6, 4, 4, 2>;
    using first = nn::residual_block<6, 4, 2>;
    using later = nn::residual_block<4, 4, 2>;
    CHECK(parameter_count<list> == parameter_count<first> + 3 * parameter_count<later>);
    const auto& rows = parameter_table<list>();
    REQUIRE(rows.size() == 7 + 3 * 6);
    CHECK(rows.front().name == ".0.norm1.weight");
    CHECK(rows.back().name == ".3.conv2.weight");
    for (std::size_t i = 1; i < rows.size(); ++i)
        CHECK(rows[i].offset == rows[i - 1].offset + round_up(rows[i - 1].size, 64));
    CHECK(rows.back().offset + round_up(rows.back().size, 64) == placed<list>.extent);
}

TEMPLATE_TEST_CASE("inference gives the bits of training", "[nn][residual_block]", (nn::residual_blocks<6, 4, 3, 2>),
                   (nn::residual_blocks<6, 6, 2, 2>)) {
    using list = TestType; // the second works in place
    reference::context ctx;
    model<reference::context, list, float> net(ctx, seed{1});
    const video_size size{2, 3, 4, 5};
    const auto x = size.take<float, 6>(ctx.arena);
    testing::fill_normal(x, 1);
    const typename list::template saved<float> all(ctx.arena, x, activations::all),
        last(ctx.arena, x, activations::none);
    net.network().forward(ctx, net.weights(), x, all);
    net.network().forward(ctx, net.weights(), x, last);
    CHECK(std::memcmp(all.output().data(), last.output().data(),
                      static_cast<std::size_t>(all.output().size()) * sizeof(float)) == 0);
    CHECK_THROWS_WITH(net.network().backward(ctx, net.weights(), x, last, last.output(), x, no_gradients{}),
                      Catch::Matchers::Contains("was run with activations::none"));
}
