// The trainer: AdamW's formula, accumulation, the non-finite guard, and resuming bit for bit.
#include "catch.hpp"
#include "resuming.hpp"

#include <walt/cpu.hpp>
#include <walt/train/adafactor.hpp>

using namespace walt;

namespace {

template <class T> std::vector<T> host(view<T, dynamic> x) { return {x.data(), x.data() + x.size()}; }
template <class T> bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// The gradient is the same number everywhere, and so is the loss.
struct constant_gradient {
    double value;
    template <class Model, class A>
    void operator()(Model& model, const int&, gradients<A> g, philox, view<A, 1> loss) const {
        for (std::size_t i = 0; i < model.extent; ++i) g.data[i] += static_cast<A>(value);
        loss(0) = static_cast<A>(value);
    }
};

} // namespace

namespace {
/// The rule of docs/model.md 18 by names and shapes alone: weights of linear maps and convolutions decay, embeddings'
/// MLPs too; biases, norms, positions, classes and relative biases do not.
bool decays_by_name(const parameter_row& row) {
    return row.name.ends_with(".weight") && row.shape.size() >= 2 && row.name != "class_embed.weight";
}
} // namespace

TEST_CASE("a step is AdamW's formula with clipping, decay on matrices only, and an average") {
    reference::context ctx;
    denoiser model(ctx, tiny{}, compute<double>, seed{3});
    const std::vector<double> before = model.host_masters();
    const adamw with{.learning_rate = 0.1f, .beta_1 = 0.9f, .beta_2 = 0.99f, .epsilon = 1e-8f, .weight_decay = 0.5f};
    trainer train(model, constant_gradient{0.25}, with, training{.rate = {.warmup = 4, .total = 100}, .clip = 2.0f});
    ema average(model);
    const step_result result = train.step([](std::int64_t) { return 0; });
    average.on_step(train, result);

    const double norm = 0.25 * std::sqrt(static_cast<double>(model.extent));
    CHECK(result.gradient_norm == Approx(norm));
    CHECK(result.learning_rate == Approx(0.025)); // the first of four warm-up steps
    const double g = 0.25 * 2.0 / norm, rate = static_cast<double>(0.1f) / 4;
    const double direction = g / (g + 1e-8); // m / c1 = g and sqrt(v / c2) = g after one step
    for (const parameter_row& row : parameter_table<transformer<tiny>>()) {
        const double decay = decays_by_name(row) ? 0.5 * before[row.offset] : 0.0;
        CAPTURE(row.name);
        CHECK(model.masters()(static_cast<std::int64_t>(row.offset)) ==
              Approx(before[row.offset] - rate * (direction + decay)).epsilon(1e-6));
        const double keep = 0.1; // (1 + 0) / (10 + 0)
        CHECK(average.model().masters()(static_cast<std::int64_t>(row.offset)) ==
              Approx(keep * before[row.offset] + (1 - keep) * model.masters()(static_cast<std::int64_t>(row.offset))));
    }
}

TEST_CASE("the learning rate warms up and follows half a cosine") {
    const warmup_cosine rate{.warmup = 10, .total = 110, .floor = 0.1f};
    CHECK(rate.share(0) == Approx(0.1));
    CHECK(rate.share(9) == Approx(1.0));
    CHECK(rate.share(60) == Approx(0.55));
    CHECK(rate.share(110) == Approx(0.1));
    CHECK(rate.share(5000) == Approx(0.1));
}

TEST_CASE("two micro-batches of half a step are one step of both") {
    reference::context ctx;
    denoiser one(ctx, tiny{}, compute<double>, seed{3}), two(ctx, tiny{}, compute<double>, seed{3});
    const auto mean_of = [](std::int64_t n) { return n; };
    const auto alternating = [](double odd) { // gradient `odd` in odd micro-batches, 4 - odd in even ones
        return [odd](auto& model, const std::int64_t& n, gradients<double> g, philox, view<double, 1> loss) {
            for (std::size_t i = 0; i < model.extent; ++i) g.data[i] += n % 2 ? odd : 4 - odd;
            loss(0) = 1;
        };
    };
    trainer first(one, alternating(2), {}, training{}); // always 2
    trainer second(two, alternating(3), {}, training{.accumulate = 2});
    first.step(mean_of);
    second.step(mean_of);
    CHECK(second.position() == 2);
    for (std::int64_t i = 0; i < one.masters().size(); i += 37)
        CHECK(two.masters()(i) == Approx(one.masters()(i)).epsilon(1e-12));
}

TEST_CASE("a step that is not finite changes nothing, is counted, and stops the run after N in a row") {
    reference::context ctx;
    denoiser model(ctx, tiny{}, compute<float>, seed{3});
    const auto poisoned = [](auto&, const std::int64_t& n, gradients<float> g, philox, view<float, 1> loss) {
        for (const parameter_row& row : parameter_table<transformer<tiny>>())
            for (std::size_t i = 0; i < row.size; ++i)
                g.data[row.offset + i] += n > 0 && row.name == "blocks.1.attn.qkv.bias" ? std::nanf("") : 0.5f;
        loss(0) = 1;
    };
    trainer train(model, poisoned, {}, training{.give_up_after = 3});
    ema average(model);
    const auto source = [](std::int64_t n) { return n; };
    const auto skips = [&] {
        const step_result result = train.step(source);
        average.on_step(train, result);
        return result.skipped;
    };
    CHECK_FALSE(skips());
    const auto weights = host(model.masters()), mean = host(average.model().masters());
    CHECK(skips());
    CHECK(skips());
    CHECK(train.skipped() == 2);
    CHECK(same_bits(host(model.masters()), weights));
    CHECK(same_bits(host(average.model().masters()), mean));
    CHECK_THROWS_WITH(train.step(source),
                      Catch::Contains("3 steps in a row") && Catch::Contains("blocks.1.attn.qkv.bias"));
    CHECK(same_bits(host(model.masters()), weights));
}

TEST_CASE("2N steps at once equal N, a saved state, and N more, bit for bit") {
    check_resuming<cpu::context>(adamw{});
    check_resuming<cpu::context>(adafactor{.factor_from = 8});
    check_resuming<cpu::context>(adamw{}, only("blocks.*.attn.*", "final.*"));
}

TEST_CASE("training lowers the loss") {
    cpu::context ctx;
    denoiser model(ctx, tiny{}, compute<float>, seed{5});
    trainer train(model, denoising{}, adamw{.learning_rate = 3e-3f}, training{.rate = {.warmup = 5, .total = 400}});
    const auto source = [](std::int64_t) { return tiny_batch(0); };
    double early = 0, late = 0;
    for (int i = 0; i < 200; ++i) {
        const double loss = train.step(source).loss;
        (i < 20 ? early : late) += i < 20 || i >= 180 ? loss / 20 : 0;
    }
    CHECK(late < 0.8 * early);
}
