// A convolution with its parameters: finite differences over several geometries; no frame of a causal one sees a later
// one, chunks with their past are the whole.
#include "../catch.hpp"

#include <walt/nn/conv3d.hpp>
#include <walt/ops/reference/conv3d.hpp>
#include <walt/testing/module_check.hpp>

#include <vector>

using namespace walt;
using testing::check_gradient;
using testing::inner_product;

namespace {
constexpr int In = 2, Out = 3;
constexpr video_size size{2, 5, 4, 6};
} // namespace

TEMPLATE_TEST_CASE("convolutions' gradients are those of finite differences", "[nn][conv3d]",
                   (nn::causal_conv3d<In, Out, 3, true>), (nn::causal_conv3d<In, Out, 3, false, 2, 2>),
                   (nn::causal_conv3d<In, Out, 1, true>),
                   (nn::conv3d<In, Out, conv_geometry::same_symmetric({3, 3, 3}, {2, 1, 1}), true>),
                   (nn::conv3d<In, Out, conv_geometry::valid({2, 4, 3}), false>),
                   (nn::conv3d<In, Out, conv_geometry::causal({3, 2, 3}, {}, padding::replicate), true>)) {
    testing::checked_module<TestType> net;
    const video_size after = TestType::geometry.after(size);
    const auto x = size.take<double, In>(net.ctx.arena), dx = size.take<double, In>(net.ctx.arena);
    const auto y = after.take<double, Out>(net.ctx.arena), dy = after.take<double, Out>(net.ctx.arena);
    testing::fill_normal(x, 1);
    testing::fill_normal(dy, 2);
    const auto f = [&] {
        net.part().forward(net.ctx, net.weights(), x, y);
        return inner_product(y, dy);
    };
    net.part().backward_parameters(net.ctx, x, dy, net.gradients());
    net.part().backward_input(net.ctx, net.weights(), dy, dx);
    CHECK(net.check_parameters(f, 40).worst < 1e-6);
    CHECK(check_gradient(x, dx, f, 60).worst < 1e-6);
}

TEST_CASE("a convolution's frame does not depend on later ones", "[nn][conv3d]") {
    testing::checked_module<nn::causal_conv3d<In, Out, 3, true>> net;
    const auto x = size.take<double, In>(net.ctx.arena);
    const auto y = size.take<double, Out>(net.ctx.arena);
    testing::fill_normal(x, 1);
    net.part().forward(net.ctx, net.weights(), x, y);
    const std::vector<double> before(y.data(), y.data() + y.size());
    for (int later = 1; later < 5; ++later) {
        x(0, later, 1, 2, 0) += 3;
        net.part().forward(net.ctx, net.weights(), x, y);
        CHECK(std::equal(before.begin(), before.begin() + later * 4 * 6 * Out, y.data()));
        CHECK(y(0, later, 1, 2, 0) != before[static_cast<std::size_t>(((later * 4 + 1) * 6 + 2) * Out)]);
        x(0, later, 1, 2, 0) -= 3;
    }
}

TEST_CASE("a convolution's chunk goes on from its past", "[nn][conv3d]") {
    testing::checked_module<nn::causal_conv3d<In, Out, 3, true>> net;
    constexpr video_size video{1, 5, 4, 6};
    const auto x = video.take<double, In>(net.ctx.arena);
    const auto y = video.take<double, Out>(net.ctx.arena);
    testing::fill_normal(x, 1);
    net.part().forward(net.ctx, net.weights(), x, y);
    const auto frames = [&](std::int64_t first, std::int64_t count) {
        return video_view<double, In>(x.data() + first * 4 * 6 * In, 1, count, 4, 6);
    };
    const std::int64_t first = GENERATE(1, 2, 3); // fewer frames than the kernel looks back on, as many, more
    history kept;
    const auto head = video_size{1, first, 4, 6}.take<double, Out>(net.ctx.arena),
               last = video_size{1, 5 - first, 4, 6}.take<double, Out>(net.ctx.arena);
    net.part().forward(net.ctx, net.weights(), frames(0, first), head, {nullptr, &kept});
    net.part().forward(net.ctx, net.weights(), frames(first, 5 - first), last, {&kept, &kept});
    CHECK(std::equal(head.data(), head.data() + head.size(), y.data()));
    CHECK(std::equal(last.data(), last.data() + last.size(), y.data() + first * 4 * 6 * Out));
    CHECK(kept.bytes() == round_up(2 * 4 * 6 * In * sizeof(double), alignment));
    const auto kept_frames = kept.at<double, In>(net.weights().place(net.part().weight));
    CHECK(std::equal(kept_frames.data(), kept_frames.data() + kept_frames.size(), x.data() + 3 * 4 * 6 * In));
}

TEMPLATE_TEST_CASE("the gradients of chunks, last to first, are those of the whole", "[nn][conv3d]",
                   (nn::causal_conv3d<In, Out, 3, true>), (nn::causal_conv3d<In, Out, 3, true, 2, 2>),
                   (nn::causal_conv3d<In, Out, 2, true, 2>)) {
    testing::checked_module<TestType> whole, parts;
    constexpr int step = TestType::geometry.time.stride;
    constexpr video_size video{2, 7, 4, 6};
    const video_size after = TestType::geometry.after(video);
    auto& ctx = whole.ctx;
    const auto x = video.take<double, In>(ctx.arena), dx = video.take<double, In>(ctx.arena);
    const auto dy = after.template take<double, Out>(ctx.arena);
    testing::fill_normal(x, 1);
    testing::fill_normal(dy, 2);
    whole.part().backward_parameters(ctx, x, dy, whole.gradients());
    whole.part().backward_input(ctx, whole.weights(), dy, dx);

    const auto part_of = [&]<class V>(const V& of, std::int64_t first, std::int64_t count) {
        const auto part =
            video_size{2, count, of.extent(2), of.extent(3)}.template take<double, V::static_extent(4)>(ctx.arena);
        for (std::int64_t b = 0; b < 2; ++b)
            for (std::int64_t f = 0; f < count; ++f)
                ops::convert(ctx, frame_of(of, b, first + f), frame_of(part, b, f));
        return part;
    };
    // Frames of y in each chunk: the second has fewer than the kernel looks back on.
    const std::vector<std::int64_t> counts =
        step == 1 ? std::vector<std::int64_t>{3, 1, 3} : std::vector<std::int64_t>{1, 2, 1};
    std::vector<history> left(counts.size());
    history gradient;
    struct place {
        std::int64_t x, x_count, y, y_count;
        chunk of;
    };
    std::vector<place> places;
    std::int64_t at_x = 0, at_y = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const std::int64_t count = i == 0 ? 1 + (counts[i] - 1) * step : counts[i] * step;
        places.push_back({at_x, count, at_y, counts[i], {i > 0 ? &left[i - 1] : nullptr, &left[i], &gradient}});
        const auto& p = places.back();
        const auto y = video_size{2, counts[i], after.height, after.width}.template take<double, Out>(ctx.arena);
        parts.part().forward(ctx, parts.weights(), part_of(x, p.x, p.x_count), y, p.of);
        at_x += count, at_y += counts[i];
    }
    REQUIRE(at_x == 7);
    for (auto p = places.rbegin(); p != places.rend(); ++p) {
        const auto dx_part = video_size{2, p->x_count, 4, 6}.template take<double, In>(ctx.arena);
        const auto dy_part = part_of(dy, p->y, p->y_count);
        parts.part().backward_parameters(ctx, parts.weights(), part_of(x, p->x, p->x_count), dy_part, parts.gradients(),
                                         p->of);
        parts.part().backward_input(ctx, parts.weights(), dy_part, dx_part, p->of);
        const auto right = part_of(dx, p->x, p->x_count);
        for (std::int64_t i = 0; i < right.size(); ++i)
            REQUIRE(dx_part.data()[i] == Approx(right.data()[i]).epsilon(1e-12).margin(1e-13));
    }
    for (std::size_t i = 0; i < placed<TestType>.extent; ++i)
        REQUIRE(parts.gradient.data()[i] == Approx(whole.gradient.data()[i]).epsilon(1e-12).margin(1e-13));
}
