// A tokenizer trained as the paper does: against a critic that learns beside it. The critic, its optimizer and its
// averages are in the run's state, and a run that was stopped goes on where it was.
// test: --steps 4 --batch 1
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/critic/adversary.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/tokenizer/tokenizing.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

#include <cmath>
#include <functional>

struct small_critic : walt::critic_config {
    static constexpr int channels = 16, dense = 64, frames = 5, height = 32, width = 32;
    static constexpr std::array<int, 4> multipliers{2, 4, 4, 4};
};

int main(int count, char** arguments) try {
    examples::program app("train a tokenizer against a critic");
    std::int64_t steps = 500;
    int batch = 4;
    app.add_option("--steps", steps, "of the training")->check(CLI::PositiveNumber);
    app.add_option("--batch", batch, "clips a step")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, count, arguments);

    walt::cpu::context device;
    const walt::moving_fashion pictures({.size = 32, .frames = 5});
    walt::tokenizer model(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
    walt::critic critic(device, small_critic{}, walt::compute<walt::bf16>, walt::seed{2});
    const walt::adamw adam = walt::adamw::adversarial(1e-3f);
    const walt::training options{.rate = {.warmup = 5, .total = steps}};

    walt::adversary opponent(critic, {}, adam, options);
    walt::tokenizing goal(model, {},
                          opponent); // its third term, a perceptual distance, would stand behind the opponent
    walt::trainer trainer(model, std::ref(goal), adam, options);
    walt::ema average(model);
    bool sound = true;
    const auto watch = [&](auto&, const walt::step_result& step) {
        const walt::tokenizing_terms& terms = goal.terms();
        fmt::print("loss {:.4f}: rec {:.4f} adv {:.3f} | gan {:.3f} R1 {:.4f} LeCam {:.4f} | logits real {:+.3f} "
                   "decoded {:+.3f} | gradients {:.3f} {:.3f}\n",
                   step.loss, terms.reconstruction, terms.adversarial, terms.gan, terms.r1, terms.lecam, terms.real,
                   terms.decoded, step.gradient_norm, terms.critic_gradient_norm);
        sound = sound && !step.skipped && !terms.critic_skipped && std::isfinite(terms.r1);
    };
    if (!trainer.run(walt::batches(pictures, {.batch = batch}), walt::steps{steps}, goal, average, watch,
                     walt::save_to{"adversarial_tokenizer"}))
        return walt::exit_status();
    return sound ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
