// The critic as the paper has it: its size, one logit for clips and images alike, its gradient and that of R1 by finite
// differences.
#include "../catch.hpp"
#include "../listening_sink.hpp"

#include <walt/critic/losses.hpp>
#include <walt/meta.hpp>
#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>

using namespace walt;

namespace {

struct small : critic_config {
    static constexpr int channels = 3, dense = 5, frames = 5, height = 6, width = 8;
    static constexpr std::array<int, 3> multipliers{1, 2, 2};
};
using module = critic_network<small>;

struct scene {
    reference::context ctx;
    critic<reference::context, small, double> net{ctx, small{}, compute<double>, seed{1}};
    std::vector<double> gradient = std::vector<double>(net.extent);
    scene() {
        std::vector<double> masters = net.host_masters(); // biases start at zero
        for (const parameter_row& row : net.table())
            for (std::size_t i = 0; i < row.size; ++i)
                masters[row.offset + i] += 0.2 * static_cast<double>(philox{3, 0}.normal(row.offset + i));
        net.assign(masters);
    }
    auto clip(const video_size& size, std::uint64_t stream) {
        const auto x = size.take<double, 3>(ctx.arena);
        testing::fill_normal(x, stream, 0.5);
        return x;
    }
    void check_parameters(const std::function<double()>& value) {
        const auto masters = net.masters();
        for (const parameter_row& row : net.table()) {
            const auto found = testing::check_gradient(masters.data() + row.offset, gradient.data() + row.offset,
                                                       row.size, value, 12, 1e-5);
            CAPTURE(row.name, found.position, found.analytic, found.numeric);
            CHECK(found.worst < 1e-5);
        }
    }
};

} // namespace

// About 61.3 million at f = 128 (docs/model.md 11), with the final map of 1 x 4 x 4 x 512.
static_assert(parameter_count<critic_network<presets::walt_critic>> / 100'000 == 613);

TEST_CASE("clips and images have one logit each", "[critic]") {
    scene s;
    for (const std::int64_t frames : {1, 2, 5, 8}) {
        clips batch{.shape = {2, frames, 6, 8}};
        batch.pixels.resize(static_cast<std::size_t>(batch.shape.size()));
        testing::fill_normal(batch.pixels, 4, 0.5);
        CHECK(s.net.logits(batch).size() == 2);
    }
    clips stack{.shape = {1, 5, 6, 8}, .pixels = std::vector<float>(std::size_t{5} * 6 * 8 * 3), .is_image = {1}};
    testing::fill_normal(stack.pixels, 5, 0.5);
    clips images = stack;
    images.shape = {5, 1, 6, 8};
    images.is_image.clear();
    CHECK(s.net.logits(stack) == s.net.logits(images));
    images.present.assign(std::size_t{5} * 6 * 8, 1);
    images.present[7] = 0;
    images.pixels[3 * 7 + 1] = std::numeric_limits<float>::quiet_NaN(); // seen as 0, as its neighbours are then
    const auto masked = s.net.logits(images);
    CHECK(masked[0] != s.net.logits(stack)[0]);
    std::fill_n(images.pixels.begin() + 3 * 7, 3, 0.0f);
    images.present.clear();
    CHECK(masked == s.net.logits(images));
    stack.shape = {2, 9, 6, 8};
    stack.is_image.clear();
    stack.pixels.resize(static_cast<std::size_t>(stack.shape.size()));
    CHECK_THROWS_WITH(s.net.logits(stack),
                      Catch::Contains("takes clips of 5 frames of 6 x 8") && Catch::Contains("not of 9 of 6 x 8"));
}

TEST_CASE("the gradient of the logit is that of finite differences", "[critic]") {
    scene s;
    const auto& net = s.net.network();
    const video_size size{2, 5, 6, 8};
    const auto x = s.clip(size, 4), dx = size.take<double, 3>(s.ctx.arena);
    const auto dlogits = s.ctx.arena.take<double, dynamic, 1>(2);
    dlogits(0, 0) = 0.7;
    dlogits(1, 0) = -1.3;
    const module::saved<double> keep(s.ctx.arena, size), signals(s.ctx.arena, size);
    const auto value = [&] {
        net.forward(s.ctx, s.net.weights(), x, keep);
        return testing::inner_product(keep.logit, dlogits);
    };
    value();
    net.backward(s.ctx, s.net.weights(), keep, dlogits, signals, dx);
    net.backward_parameters(s.ctx, keep, signals, gradients<double>{s.gradient.data()});
    CHECK(testing::check_gradient(x, dx, value, 100, 1e-5).worst < 1e-5);
    s.check_parameters(value);
}

TEST_CASE("the tangent pass is the linear map whose transpose is the backward pass", "[critic]") {
    scene s;
    const auto& net = s.net.network();
    const video_size size{2, 5, 6, 8};
    const auto x = s.clip(size, 4), v = s.clip(size, 5), dx = size.take<double, 3>(s.ctx.arena);
    const auto ones = s.ctx.arena.take<double, dynamic, 1>(2);
    ops::fill(s.ctx, ones, 1);
    const module::saved<double> keep(s.ctx.arena, size), signals(s.ctx.arena, size), change(s.ctx.arena, size);
    net.forward(s.ctx, s.net.weights(), x, keep);
    net.backward(s.ctx, s.net.weights(), keep, ones, signals, dx);
    net.tangent(s.ctx, s.net.weights(), v, keep, change);
    CHECK(change.logit(0, 0) + change.logit(1, 0) == Approx(testing::inner_product(v, dx)).epsilon(1e-12));
}

TEST_CASE("the gradient of the critic's loss is that of finite differences, R1's of second order", "[critic][losses]") {
    scene s;
    const float r1 = GENERATE(0.0f, 3.0f), others = r1 == 0 ? 1.0f : 0.0f; // each by itself: R1's biases have none
    const auto real = s.clip({2, 5, 6, 8}, 4), image = s.clip({3, 1, 6, 8}, 5), fake = s.clip({2, 5, 6, 8}, 6),
               fake_image = s.clip({3, 1, 6, 8}, 7);
    std::vector<double> averages{1, -1}, numbers(6); // beyond which both means are
    critic_objective<double> objective{.gan = others, .r1 = r1, .lecam = 0.3f * others};
    objective.averages = view<double, 2>(averages.data());
    objective.terms = critic_terms<double>::in(view<double, dynamic>(numbers.data(), 6));
    const auto loss = s.ctx.arena.take<double, 1>();
    const auto value = [&] {
        const arena::scope scope(s.ctx.arena);
        std::fill(s.gradient.begin(), s.gradient.end(), 0.0);
        objective(s.net, judged(s.net, {real, image}, {fake, fake_image}), gradients<double>{s.gradient.data()},
                  philox{}, loss);
        return loss(0);
    };
    value();
    CHECK(loss(0) == Approx(static_cast<double>(others) * (numbers[1] + static_cast<double>(0.3f) * numbers[3]) +
                            static_cast<double>(r1) * numbers[2]));
    const std::vector<double> gradient = s.gradient;
    const auto masters = s.net.masters();
    for (const parameter_row& row : s.net.table()) {
        const auto found = testing::check_gradient(masters.data() + row.offset, gradient.data() + row.offset, row.size,
                                                   value, 8, 1e-5);
        CAPTURE(row.name, r1, found.position, found.analytic, found.numeric);
        CHECK(found.worst < 2e-5);
    }
}

namespace {

/// As network.hpp counts.
int part_of(const std::string& name) {
    const auto in = [&](const std::string& part) { return name.rfind("critic." + part, 0) == 0; };
    if (in("stem.")) return 0;
    if (in("last.")) return module::dims::blocks + 1;
    return in("blocks.") ? 1 + (name[std::string("critic.blocks.").size()] - '0') : module::dims::blocks + 2;
}

} // namespace

TEST_CASE("a sink hears of the critic's parts when all passes have added to them", "[critic][losses]") {
    scene s;
    const float r1 = GENERATE(0.0f, 3.0f), gan = GENERATE(0.0f, 1.0f), lecam = 0.3f * gan;
    if (r1 == 0 && gan == 0) return;
    std::vector<double> averages{1, -1}, numbers(6);
    critic_objective<double> objective{.gan = gan, .r1 = r1, .lecam = lecam};
    objective.averages = view<double, 2>(averages.data());
    objective.terms = critic_terms<double>::in(view<double, dynamic>(numbers.data(), 6));
    std::vector<testing::listening::call> calls;
    const testing::listening sink{{s.gradient.data()}, s.net.extent, &calls};
    objective(s.net,
              judged(s.net, {s.clip({2, 5, 6, 8}, 4), s.clip({3, 1, 6, 8}, 5)},
                     {s.clip({2, 5, 6, 8}, 6), s.clip({3, 1, 6, 8}, 7)}),
              sink, philox{}, s.ctx.arena.take<double, 1>());
    constexpr int parts = module::dims::blocks + 3;
    REQUIRE(calls.size() == parts);
    for (int i = 0; i < parts; ++i) {
        const testing::listening::call& now = calls[static_cast<std::size_t>(i)];
        CHECK(now.part == parts - 1 - i);
        bool more = false; // something was still to come
        for (const parameter_row& row : s.net.table())
            for (std::size_t j = row.offset; j < row.offset + row.size; ++j)
                if (part_of(row.name) >= now.part) REQUIRE(now.seen[j] == s.gradient[j]);
                else more = more || now.seen[j] != s.gradient[j];
        CHECK(more == (now.part > 0));
    }
}

TEST_CASE("the generator's gradient is that of finite differences", "[critic][losses]") {
    scene s;
    const auto real = s.clip({2, 5, 6, 8}, 4), fake = s.clip({2, 5, 6, 8}, 6), image = s.clip({1, 1, 6, 8}, 7);
    const auto dfake = s.clip({2, 5, 6, 8}, 8), dimage = s.clip({1, 1, 6, 8}, 9);
    const std::vector<double> before(dfake.data(), dfake.data() + dfake.size());
    const auto loss = s.ctx.arena.take<double, 1>();
    const auto value = [&] {
        const arena::scope scope(s.ctx.arena);
        const auto d = s.clip({2, 5, 6, 8}, 1), di = s.clip({1, 1, 6, 8}, 1);
        judged(s.net, {real}, {fake, image}).generator_loss(s.net, 1, loss, {d, di});
        return loss(0);
    };
    judged(s.net, {real}, {fake, image}).generator_loss(s.net, 0.5, loss, {dfake, dimage});
    std::vector<double> added(before.size());
    for (std::size_t i = 0; i < added.size(); ++i) added[i] = (dfake.data()[i] - before[i]) / 0.5;
    CHECK(testing::check_gradient(fake, added, value, 60, 1e-5).worst < 1e-5);
}

TEST_CASE("meta: what the paper's critic costs a clip", "[critic][meta]") {
    meta::context ctx;
    critic<meta::context, presets::walt_critic, bf16> net(ctx, presets::walt_critic{}, compute<bf16>, seed{1});
    const video_size size{1, 17, 128, 128};
    const arena::scope scope(ctx.arena);
    const auto x = size.take<float, 3>(ctx.arena);
    const auto terms = critic_terms<float>::in(ctx.arena.take<float, dynamic>(6));
    const auto loss = ctx.arena.take<float, 1>();
    critic_objective<float> objective{};
    objective.averages = ctx.arena.take<float, 2>();
    objective.terms = terms;
    objective(net, judged(net, {x}, {x}), gradients<float>{}, philox{}, loss);
    std::printf("the paper's critic on a real and a decoded clip of 17 x 128 x 128: %.2f TFLOP, %.2f GB of the arena\n",
                ctx.flops * 1e-12, static_cast<double>(ctx.arena.peak()) * 1e-9);
    CHECK(ctx.flops > 0);
}
