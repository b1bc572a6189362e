// A tokenizer against its critic on the CUDA device: the terms of two steps are the reference's.
#include "../catch.hpp"
#include "../tokenizer/tiny_tokenizer.hpp"

#include <walt/critic/adversary.hpp>
#include <walt/cuda.cuh>
#include <walt/reference.hpp>
#include <walt/testing/gradient_check.hpp>
#include <walt/tokenizer/tokenizing.hpp>

#include <functional>
#include <limits>

namespace tests {
using namespace walt;

namespace {

struct tiny_critic : critic_config {
    static constexpr int channels = 3, dense = 4, frames = 3, height = 4, width = 4;
    static constexpr std::array<int, 2> multipliers{1, 2};
};

/// A video and a stack of images, in which every seventh pixel is missing.
clips mixed_batch(std::int64_t n) {
    clips batch{
        .shape = {2, 3, 4, 4}, .pixels = std::vector<float>(std::size_t{2} * 3 * 4 * 4 * 3), .is_image = {0, 1}};
    testing::fill_normal(batch.pixels, static_cast<std::uint64_t>(n + 10), 0.5);
    batch.present.assign(batch.pixels.size() / 3, 1);
    for (std::size_t i = 0; i < batch.present.size(); i += 7) {
        batch.present[i] = 0;
        batch.pixels[3 * i] = std::numeric_limits<float>::quiet_NaN();
    }
    return batch;
}

/// The terms of each step, and both gradients' norms.
template <class Context, class T> std::vector<double> terms_of_training(const tokenizer_losses& losses = {}) {
    Context ctx;
    tokenizer tokens(ctx, testing::tiny_tokenizer{}, compute<T>, seed{1});
    walt::critic judge(ctx, tiny_critic{}, compute<T>, seed{2});
    const adamw adam = adamw::adversarial(1e-3f);
    adversary opponent(judge, {}, adam);
    tokenizing goal(tokens, losses, opponent);
    trainer learner(tokens, std::ref(goal), adam);
    std::vector<double> found;
    const auto look = [&](auto&, const step_result& step) {
        found.push_back(step.loss);
        found.push_back(step.gradient_norm);
        goal.terms().each([&](const char*, double value) { found.push_back(value); });
    };
    REQUIRE(learner.run(mixed_batch, steps{2}, goal, look));
    return found;
}

} // namespace

TEST_CASE("cuda: a tokenizer and its critic train as on the reference", "[cuda][adversary]") {
    const auto right = terms_of_training<reference::context, float>();
    const auto check = [&](const std::vector<double>& mine, double most) {
        REQUIRE(mine.size() == right.size());
        for (std::size_t i = 0; i < right.size(); ++i) {
            CAPTURE(i);
            CHECK(mine[i] == Approx(right[i]).epsilon(most).margin(most * 1e-2));
        }
    };
    check(terms_of_training<walt::cuda::context, float>(), 1e-3);
    check(terms_of_training<walt::cuda::context, float>({.chunk = 1}), 1e-3); // the video in two chunks
}

} // namespace tests
