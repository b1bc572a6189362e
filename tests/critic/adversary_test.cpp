// Training a tokenizer against its critic: the gradient, both updates from the weights of before, and a state that goes
// on where it was.
#include "../catch.hpp"
#include "../tokenizer/tiny_tokenizer.hpp"
#include "../watched_stderr.hpp"

#include <walt/cpu.hpp>
#include <walt/critic/adversary.hpp>
#include <walt/perceptual/distance.hpp>
#include <walt/perceptual/vgg.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/tokenizer/tokenizing.hpp>
#include <walt/train/checkpoints.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/terms_log.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

using namespace walt;

namespace {

using tiny = testing::tiny_tokenizer; // takes 3 x 4 x 4 pixels

struct tiny_critic : critic_config {
    static constexpr int channels = 3, dense = 4, frames = 3, height = 4, width = 4;
    static constexpr std::array<int, 2> multipliers{1, 2};
};

struct tiny_features : vgg16 {
    static constexpr std::array widths{4, 6}, convolutions{1, 1};
};

/// Batch n: a video and a stack of images.
clips mixed_batch(std::int64_t n) {
    clips batch{
        .shape = {2, 3, 4, 4}, .pixels = std::vector<float>(std::size_t{2} * 3 * 4 * 4 * 3), .is_image = {0, 1}};
    testing::fill_normal(batch.pixels, static_cast<std::uint64_t>(n + 10), 0.5);
    return batch;
}

/// A perceptual distance that needs no network: mean (x - y)^4 over all pixels.
template <class Context> struct fourth_power {
    Context& ctx;
    void operator()(auto x, auto y, auto value, auto dx) const {
        const double share = 1.0 / static_cast<double>(x.size());
        value(0) = 0;
        for (std::int64_t i = 0; i < x.size(); ++i) {
            const double off = static_cast<double>(x.data()[i]) - static_cast<double>(y.data()[i]);
            value(0) += share * off * off * off * off;
            dx.data()[i] = 4 * share * off * off * off;
        }
    }
};

/// Both players and what trains them.
template <class Context, class T> struct game {
    static constexpr compute_t<T> type{};
    Context ctx;
    tokenizer<Context, tiny, T> tokens{ctx, tiny{}, compute<T>, seed{1}};
    walt::critic<Context, tiny_critic, T> critic{ctx, tiny_critic{}, compute<T>, seed{2}};
    adamw adam = adamw::adversarial(1e-2f);
    training options;
    adversary<walt::critic<Context, tiny_critic, T>> opponent;
    tokenizing<tokenizer<Context, tiny, T>, adversary<walt::critic<Context, tiny_critic, T>>> goal;
    trainer<tokenizer<Context, tiny, T>, decltype(std::ref(goal))> learner{tokens, std::ref(goal), adam, options};
    ema<tokenizer<Context, tiny, T>> average{tokens};

    explicit game(training how = {}, tokenizer_losses losses = {}, critic_losses of_critic = {})
        : options(how), opponent(critic, of_critic, adam, options), goal(tokens, losses, opponent) {}
    auto numbers() const { return std::pair(tokens.host_masters(), critic.host_masters()); }
};

std::filesystem::path fresh_folder(const std::string& name) {
    const auto folder = std::filesystem::temp_directory_path() / ("walt_adversary_test_" + name);
    std::filesystem::remove_all(folder);
    return folder;
}

} // namespace

TEST_CASE("the generator's gradient is that of finite differences, with every term", "[adversary]") {
    reference::context ctx;
    tokenizer<reference::context, tiny, double> tokens(ctx, tiny{}, compute<double>, seed{1});
    critic<reference::context, tiny_critic, double> judge(ctx, tiny_critic{}, compute<double>, seed{2});
    adversary opponent(judge);
    const fourth_power<reference::context> distance{ctx};
    const tokenizer_losses losses{.adversarial = 3, .perceptual = 0.7f, .latent_noise = 0.1f};
    tokenizing goal(tokens, losses, opponent, distance);
    std::vector<double> masters = tokens.host_masters();
    for (const parameter_row& row : tokens.table())
        for (std::size_t i = 0; row.trainable() && i < row.size; ++i)
            masters[row.offset + i] += 0.1 * static_cast<double>(philox{3, 0}.normal(row.offset + i));
    tokens.assign(masters);

    const clips batch = mixed_batch(1);
    std::vector<double> gradient(tokens.extent);
    const auto loss = ctx.arena.take<double, 1>();
    const auto value = [&] {
        std::fill(gradient.begin(), gradient.end(), 0.0);
        goal(tokens, batch, gradients<double>{gradient.data()}, philox{7, 3}, loss); // the same again: given up
        return loss(0);
    };
    value();
    const std::vector<double> right = gradient;
    const auto there = tokens.masters();
    const auto found = testing::check_gradient(there.data(), right.data(), right.size(), value, 80);
    CAPTURE(found.position, found.analytic, found.numeric);
    CHECK(found.worst < 1e-4);
}

TEST_CASE("without a critic or a distance their terms are not there", "[adversary]") {
    reference::context ctx;
    tokenizer<reference::context, tiny, double> tokens(ctx, tiny{}, compute<double>, seed{1});
    const fourth_power<reference::context> distance{ctx};
    tokenizing goal(tokens, {.reconstruction = 2, .perceptual = 3}, none{}, distance);
    trainer learner(tokens, std::ref(goal), adamw::adversarial(0));
    double loss = 0;
    REQUIRE(learner.run(mixed_batch, steps{1}, goal, [&](auto&, const step_result& step) { loss = step.loss; }));
    CHECK(goal.terms().gan == 0);
    CHECK(loss == Approx(2 * goal.terms().reconstruction + 3 * goal.terms().perceptual));

    // The mean square of all pixels, on their scale of [0, 1]: what walt::reconstruction says, over four.
    std::vector<double> gradient(tokens.extent);
    const reconstruction plain{.absolute = 0, .latent_pull = 0, .latent_noise = 0};
    CHECK(goal.terms().reconstruction ==
          Approx(loss_of(plain, tokens, mixed_batch(0), gradients<double>{gradient.data()}, philox{0, 0}) / 4));
}

TEST_CASE("the perceptual distance is the third term", "[adversary]") {
    reference::context ctx;
    tokenizer<reference::context, tiny, double> tokens(ctx, tiny{}, compute<double>, seed{1});
    walt::critic judge(ctx, tiny_critic{}, compute<double>, seed{2});
    adversary opponent(judge);
    const perceptual_distance distance(ctx, perceptual_network<vgg<tiny_features>, false>{}, compute<double>, seed{3});
    tokenizing goal(tokens, {}, opponent, distance);
    trainer learner(tokens, std::ref(goal), adamw::adversarial());
    const clips batch = mixed_batch(0);
    const auto distance_of = [&](const clips& of) {
        return distance(tokens.decode(tokens.encode(of, latent_scale::raw)), of);
    };
    const double right = (distance_of(batch.part(false)) + distance_of(batch.part(true))) / 2; // as many frames each
    double loss = 0;
    REQUIRE(learner.run(mixed_batch, steps{1}, goal, [&](auto&, const step_result& step) { loss = step.loss; }));
    CHECK(goal.terms().perceptual == Approx(right).epsilon(1e-5));
    CHECK(loss == Approx(5 * goal.terms().reconstruction + 0.1 * goal.terms().adversarial + 0.1 * right));
}

TEST_CASE("both updates are of one pass with the weights before it", "[adversary]") {
    game<reference::context, float> together, by_hand;
    REQUIRE(together.learner.run(mixed_batch, steps{1}, together.goal));

    { // the critic's step on what the tokenizer decodes with its first weights
        auto& ctx = by_hand.ctx;
        const arena::scope scope(ctx.arena);
        using pass = autoencoding<decltype(by_hand.tokens)>;
        std::vector<pass::clip> real, decoded;
        for (const clip_group& of : clip_groups<decltype(by_hand.tokens)>(mixed_batch(0))) {
            const pass made(by_hand.tokens, of, 0, philox{0, 0}, activations::none);
            real.push_back(made.real);
            decoded.push_back(made.decoded);
        }
        auto& trainer = by_hand.opponent.trainer();
        trainer.add(judged(by_hand.critic, real, decoded));
        trainer.update();
    }
    CHECK(together.critic.host_masters() == by_hand.critic.host_masters());
    CHECK(together.critic.host_masters() != (game<reference::context, float>().critic.host_masters()));
    CHECK(together.goal.terms().gan == Approx(2 * std::log(2.0)).margin(0.3)); // it knows nothing yet
}

TEST_CASE("micro-batches add up to one step of both", "[adversary]") {
    game<reference::context, float> g({.accumulate = 2});
    REQUIRE(g.learner.run(mixed_batch, steps{3}, g.goal));
    CHECK(g.learner.position() == 6);
    CHECK(g.opponent.trainer().position() == 6);
    CHECK(g.opponent.trainer().updates() == 3);
}

TEST_CASE("a run is told of steps in which its critic has no learning rate", "[adversary]") {
    const auto said = [](const tokenizer_losses& losses, std::int64_t until) {
        game<reference::context, float> g({.rate = {.warmup = 1, .total = 2}}, losses);
        watched_stderr watched(false);
        REQUIRE(g.learner.run(mixed_batch, steps{until}, g.goal));
        return watched.text();
    };
    CHECK(said({}, 2).empty());
    CHECK(said({}, 4) == "walt: the critic's steps 3 to 4 have a learning rate of 0: warmup_cosine::total is 2, and "
                         "its floor 0\n");
    CHECK(said({.adversarial_from = 2}, 4).empty()); // it makes two
}

TEST_CASE("a state is neither saved nor mixed with what waits for the critic's step", "[adversary]") {
    game<reference::context, float> g, calm;
    const auto path = fresh_folder("waiting") / "state.safetensors";
    std::filesystem::create_directories(path.parent_path());
    for (auto* of : {&g, &calm}) REQUIRE(of->learner.run(mixed_batch, steps{2}, of->goal));
    save_state(path, g.learner, g.goal);
    g.learner.step(mixed_batch); // and the goal is not told
    CHECK_THROWS_WITH(save_state(path, g.learner, g.goal), Catch::Contains("1 micro-batches wait for the next"));
    CHECK_THROWS_WITH(save_state(path, g.learner, g.opponent), Catch::Contains("1 micro-batches wait for the next"));
    load_state(path, g.learner, g.goal);
    CHECK((g.goal.added() == 0 && g.opponent.added() == 0));
    for (auto* of : {&g, &calm}) of->goal.on_step(of->learner, of->learner.step(mixed_batch));
    CHECK(g.tokens.host_masters() == calm.tokens.host_masters());
    CHECK(g.critic.host_masters() == calm.critic.host_masters());
}

TEST_CASE("the critic may come in at a later step", "[adversary]") {
    game<reference::context, float> g({}, {.adversarial_from = 2});
    const auto before = g.critic.host_masters();
    REQUIRE(g.learner.run(mixed_batch, steps{2}, g.goal));
    CHECK(g.critic.host_masters() == before);
    CHECK(g.goal.terms().gan == 0);
    REQUIRE(g.learner.run(mixed_batch, steps{3}, g.goal));
    CHECK(g.critic.host_masters() != before);
    CHECK(g.goal.terms().gan > 0);
}

TEMPLATE_TEST_CASE("a run that stops and goes on has the bits of one that does not", "[adversary]",
                   (game<reference::context, float>), (game<cpu::context, bf16>)) {
    const auto folder = fresh_folder("resume");
    const training how{.rate = {.warmup = 2, .total = 6}};
    const auto run = [&](TestType& of, std::int64_t until, const std::string& name) {
        REQUIRE(of.learner.run(mixed_batch, steps{until}, of.goal, of.average,
                               terms_log{folder / name / "terms.csv", of.goal}, checkpoints{folder / name, 100}));
    };
    TestType whole(how), first(how), second(how);
    run(whole, 6, "whole");
    run(first, 3, "parts");
    second.critic.assign(std::vector<float>(second.critic.extent, 0.5f)); // all comes from the state
    run(second, 6, "parts");
    CHECK(second.numbers() == whole.numbers());
    CHECK(second.average.model().host_masters() == whole.average.model().host_masters());
    CHECK(second.goal.terms().lecam == whole.goal.terms().lecam);
    CHECK(second.goal.terms().lecam != 0); // the averages are in it

    const auto log = [&](const std::string& name) {
        std::ostringstream text;
        text << std::ifstream(folder / name / "terms.csv").rdbuf();
        return text.str();
    };
    CHECK(log("parts") == log("whole"));
    CHECK(log("whole").rfind("step,loss,gradient_norm,reconstruction,perceptual,adversarial,gan,r1,lecam,real,decoded,"
                             "critic_gradient_norm,critic_skipped\n1,",
                             0) == 0);

    TestType alone(how); // what the state has must have somebody to keep it
    CHECK_THROWS_WITH(alone.learner.run(mixed_batch, steps{6}, alone.average, checkpoints{folder / "whole", 100}),
                      Catch::Contains("critic.") && Catch::Contains("give run() the observers that it had"));
    std::filesystem::remove_all(folder);
}

TEST_CASE("a state says the critic's options once, beside the tokenizer's", "[adversary]") {
    game<reference::context, float> g({.clip = 0.5f}, {}, {.lecam = 0.25f});
    const std::string said = running(g.learner, steps{0}, g.goal, g.average).options_said();
    for (const char* line : {"tokenizer_losses::adversarial 0.1\n", "\ntraining::clip 0.5\n", "critic_losses::r1 10\n",
                             "critic_losses::lecam 0.25\n", "\ncritic.adamw::learning_rate 0.01\n",
                             "\ncritic.training::clip 0.5\n", "averaging::decay of average 0.999\n"}) {
        CAPTURE(said, line);
        const std::size_t at = said.find(line);
        REQUIRE(at != said.npos);
        CHECK(said.find(line, at + 1) == said.npos);
    }
}

TEST_CASE("a step that was given up leaves no trace", "[adversary]") {
    game<reference::context, float> plain({.accumulate = 2, .prefetch = {.ahead = 0}}),
        shaken({.accumulate = 2, .prefetch = {.ahead = 0}});
    REQUIRE(plain.learner.run(mixed_batch, steps{2}, plain.goal));
    REQUIRE(shaken.learner.run(mixed_batch, steps{1}, shaken.goal));
    const auto breaks = [](std::int64_t n) {
        if (n == 3) throw std::runtime_error("no such clip"); // the second micro-batch of the second step
        return mixed_batch(n);
    };
    CHECK_THROWS_WITH(shaken.learner.run(breaks, steps{2}, shaken.goal), "no such clip");
    REQUIRE(shaken.learner.run(mixed_batch, steps{2}, shaken.goal));
    CHECK(shaken.numbers() == plain.numbers());
}

namespace {
/// Batch `bad` has a pixel that is no number.
auto broken_at(std::int64_t bad) {
    return [bad](std::int64_t n) {
        clips batch = mixed_batch(n);
        if (n == bad) batch.pixels[7] = std::numeric_limits<float>::quiet_NaN();
        return batch;
    };
}
/// The whole numbers of a run's state.
std::map<std::string, std::int64_t, std::less<>> counters(auto& trainer, auto& goal) {
    std::map<std::string, std::int64_t, std::less<>> found;
    running(trainer, steps{0}, goal).each_state([&](std::string_view name, auto&& state) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(state)>, std::int64_t>) found.emplace(name, state);
    });
    return found;
}
} // namespace

TEST_CASE("a tokenizer that gives up is as before the step, and so are its objective and the critic", "[adversary]") {
    const training how{.accumulate = 2, .give_up_after = 1, .prefetch = {.ahead = 0}};
    game<reference::context, float> plain(how), shaken(how);
    REQUIRE(plain.learner.run(mixed_batch, steps{3}, plain.goal));
    CHECK_THROWS_WITH(shaken.learner.run(broken_at(5), steps{3}, shaken.goal), Catch::Contains("1 steps in a row"));
    auto kept = counters(shaken.learner, shaken.goal);
    CHECK((kept["step"] == 2 && kept["position"] == 4 && kept["tokenizing.step"] == 2));
    CHECK((kept["critic.step"] == 2 && kept["critic.position"] == 4));
    REQUIRE(shaken.learner.run(mixed_batch, steps{3}, shaken.goal));
    CHECK(shaken.numbers() == plain.numbers());
    CHECK(counters(shaken.learner, shaken.goal) == counters(plain.learner, plain.goal));
}

TEST_CASE("a critic that gives up is as before its step, and the tokenizer's was made", "[adversary]") {
    game<reference::context, float> g;
    adversary strict(g.critic, {}, g.adam, {.give_up_after = 1});
    tokenizing goal(g.tokens, {}, strict);
    trainer learner(g.tokens, std::ref(goal), g.adam);
    CHECK_THROWS_WITH(learner.run(broken_at(2), steps{5}, goal), Catch::Contains("1 steps in a row"));
    auto kept = counters(learner, goal);
    CHECK((kept["step"] == 3 && kept["skipped"] == 1 && kept["tokenizing.step"] == 3));
    CHECK((kept["critic.step"] == 2 && kept["critic.position"] == 2));
    REQUIRE(learner.run(mixed_batch, steps{4}, goal));
    CHECK((strict.trainer().step_count() == 3 && std::isfinite(goal.terms().gan))); // nothing of step 3 is in it
}

TEST_CASE("pixels that are no numbers change neither network nor the averages", "[adversary]") {
    game<reference::context, float> g;
    REQUIRE(g.learner.run(mixed_batch, steps{2}, g.goal));
    const auto before = g.numbers();
    const auto broken = [](std::int64_t n) {
        clips batch = mixed_batch(n);
        batch.pixels[7] = std::numeric_limits<float>::quiet_NaN();
        return batch;
    };
    REQUIRE(g.learner.run(broken, steps{3}, g.goal));
    CHECK(g.learner.skipped() == 1);
    CHECK(g.goal.terms().critic_skipped);
    CHECK(g.numbers() == before);
    REQUIRE(g.learner.run(mixed_batch, steps{5}, g.goal));
    CHECK(g.learner.skipped() == 1);
    CHECK_FALSE(g.goal.terms().critic_skipped);
    CHECK(std::isfinite(g.goal.terms().lecam));
    CHECK(g.numbers() != before);
}

TEST_CASE("a run that does not let its objective watch is refused at the second step", "[adversary]") {
    for (const int accumulate : {1, 3})
        for (const std::int64_t from : {0, 10}) { // with a critic from the beginning, or later
            game<reference::context, float> g({.accumulate = accumulate, .prefetch = {.ahead = 0}},
                                              {.adversarial_from = from});
            CHECK_THROWS_WITH(g.learner.run(mixed_batch, steps{2}),
                              Catch::Contains(fmt::format("step of {} micro-batches", accumulate)) &&
                                  Catch::Contains("give it to run()"));
            CHECK(g.learner.step_count() == 1);
            CHECK_THROWS_WITH(g.learner.step(mixed_batch), Catch::Contains("give it to run()"));
            REQUIRE(g.learner.run(mixed_batch, steps{3}, g.goal)); // the mistake mended, it goes on
            CHECK(g.goal.terms().reconstruction > 0);
        }
    reference::context ctx; // and without any critic
    tokenizer<reference::context, tiny, double> tokens(ctx, tiny{}, compute<double>, seed{1});
    const fourth_power<reference::context> distance{ctx};
    tokenizing goal(tokens, {}, none{}, distance);
    trainer learner(tokens, std::ref(goal));
    CHECK_THROWS_WITH(learner.run(mixed_batch, steps{2}), Catch::Contains("give it to run()"));
    goal.on_step(learner, {}); // by hand, without run()
    learner.step(mixed_batch);
    goal.on_step(learner, {});
    CHECK(goal.terms().reconstruction > 0);
}

TEST_CASE("a tokenizer and its critic make their steps of as many micro-batches", "[adversary]") {
    game<reference::context, float> g({.accumulate = 2});
    trainer other(g.tokens, std::ref(g.goal), g.adam, {.accumulate = 3});
    const auto before = g.numbers();
    CHECK_THROWS_WITH(other.run(mixed_batch, steps{1}, g.goal), Catch::Contains("tokenizer's step has 3") &&
                                                                    Catch::Contains("critic's 2") &&
                                                                    Catch::Contains("accumulate"));
    CHECK(g.numbers() == before);
}

namespace {
/// Batches whose left column is missing, where `under` stands.
auto masked_batches(float under) {
    return [under](std::int64_t n) {
        clips batch = mixed_batch(n);
        batch.present.assign(batch.pixels.size() / 3, 1);
        for (std::size_t i = 0; i < batch.present.size(); i += 4) {
            batch.present[i] = 0;
            std::fill_n(batch.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, under);
        }
        return batch;
    };
}
} // namespace

TEMPLATE_TEST_CASE("what stands where pixels are missing is seen by no term", "[adversary]",
                   (game<reference::context, float>), (game<cpu::context, bf16>)) {
    const auto learnt = [](float under) {
        TestType g;
        const perceptual_distance distance(g.ctx, perceptual_network<vgg<tiny_features>, false>{}, TestType::type,
                                           seed{3});
        tokenizing goal(g.tokens, {.perceptual = 3}, g.opponent, distance);
        trainer learner(g.tokens, std::ref(goal), g.adam);
        REQUIRE(learner.run(masked_batches(under), steps{3}, goal));
        CHECK(learner.skipped() == 0);
        CHECK((goal.terms().perceptual > 0 && goal.terms().gan > 0));
        return g.numbers();
    };
    const auto right = learnt(0);
    CHECK(learnt(std::numeric_limits<float>::quiet_NaN()) == right);
    CHECK(learnt(7) == right);
}

TEST_CASE("the gradient of clips with missing pixels is that of finite differences, and none comes from there",
          "[adversary]") {
    reference::context ctx;
    tokenizer<reference::context, tiny, double> tokens(ctx, tiny{}, compute<double>, seed{1});
    critic<reference::context, tiny_critic, double> judge(ctx, tiny_critic{}, compute<double>, seed{2});
    adversary opponent(judge);
    const perceptual_distance distance(ctx, perceptual_network<vgg<tiny_features>, false>{}, compute<double>, seed{3});
    tokenizing goal(tokens, {.adversarial = 3, .perceptual = 2}, opponent, distance);
    std::vector<double> gradient(tokens.extent);
    const auto loss = ctx.arena.take<double, 1>();
    const auto value = [&](const clips& batch) {
        std::fill(gradient.begin(), gradient.end(), 0.0);
        goal(tokens, batch, gradients<double>{gradient.data()}, philox{7, 3}, loss); // the same again: given up
        return loss(0);
    };
    const clips some = masked_batches(0)(1);
    value(some);
    const std::vector<double> right = gradient;
    const auto there = tokens.masters();
    const auto found = testing::check_gradient(
        there.data(), right.data(), right.size(), [&] { return value(some); }, 80);
    CAPTURE(found.position, found.analytic, found.numeric);
    CHECK(found.worst < 1e-4);

    // Were a gradient there alone, nothing would be learnt of it.
    for (const clip_group& of : clip_groups<decltype(tokens)>(some)) {
        const autoencoding<decltype(tokens)> pass(tokens, of, 0, philox{7, 3}, activations::all);
        for (std::int64_t i = 0; i < pass.decoded.size(); ++i) {
            const bool is = of.part.present[static_cast<std::size_t>(i / 3)] != 0;
            CHECK((pass.real.data()[i] != 0) == is);
            CHECK((pass.decoded.data()[i] != 0) == is);
            pass.gradient.data()[i] = is ? 0 : 1;
        }
        std::fill(gradient.begin(), gradient.end(), 0.0);
        pass.backward(tokens, 0, gradients<double>{gradient.data()});
        CHECK(std::all_of(gradient.begin(), gradient.end(), [](double one) { return one == 0; }));
    }
}

// Hidden, for its length: run it as `critic_adversary_test "[long]"`.
TEST_CASE("20,000 steps in bf16 with every term skip none", "[.][long]") {
    constexpr std::int64_t count = 20'000;
    game<cpu::context, bf16> g({.rate = {.warmup = 200, .total = count}});
    const perceptual_distance distance(g.ctx, perceptual_network<vgg<tiny_features>, false>{}, compute<bf16>, seed{3});
    tokenizing goal(g.tokens, {}, g.opponent, distance);
    trainer learner(g.tokens, std::ref(goal), g.adam, g.options);
    std::int64_t critic_skipped = 0;
    const auto look = [&](auto& trainer, const step_result& step) {
        const tokenizing_terms& now = goal.terms();
        critic_skipped += now.critic_skipped ? 1 : 0;
        if (trainer.step_count() % 2000 == 0) {
            std::printf("%lld: loss %.4f, perceptual %.4f, gan %.3f, R1 %.5f, LeCam %.4f, logits %+.3f and %+.3f\n",
                        static_cast<long long>(trainer.step_count()), step.loss, now.perceptual, now.gan, now.r1,
                        now.lecam, now.real, now.decoded);
            std::fflush(stdout);
        }
    };
    REQUIRE(learner.run(mixed_batch, steps{count}, goal, g.average, look));
    CHECK(learner.skipped() == 0);
    CHECK(critic_skipped == 0);
    CHECK(g.opponent.trainer().updates() == count);
}
