// A critic that learns beside the network whose clips it judges: a trainer of its own, which takes its batches from
// that network's objective and makes its step when that network has made its own.
#pragma once

#include "../core/range.hpp"
#include "../train/trainer.hpp"
#include "losses.hpp"

#include <string>
#include <vector>

namespace walt {

/// How a critic learns (docs/model.md 12).
struct critic_losses {
    float r1 = 10, lecam = 0.001f; ///< weights of the two penalties
    float average_decay = 0.999f;  ///< of the mean logits that LeCam looks at

    void each_option(auto&& option) const {
        option("critic_losses::r1", r1, ranges::not_negative);
        option("critic_losses::lecam", lecam, ranges::not_negative);
        option("critic_losses::average_decay", average_decay, ranges::below_one);
    }
};

/// walt::adversary opponent(critic, {}, adamw::adversarial(), options). Its objective calls judge() in every
/// micro-batch and update() after the step: both gradients are of the weights before it. The options' rate, clip and
/// accumulate are those of the critic; accumulate is the other trainer's too.
template <class Critic, class Optimizer = adamw> class adversary {
  public:
    using A = typename Critic::master_type;
    using critic_type = Critic;
    using clip = typename judged<Critic>::clip;

    explicit adversary(Critic& critic, critic_losses how = {}, Optimizer optimizer = Optimizer::adversarial(),
                       training options = {})
        : how_(checked(how)), numbers_(critic.context(), 8), sums_(critic.context(), 6),
          trainer_(critic,
                   {.r1 = how.r1,
                    .lecam = how.lecam,
                    .averages = view<A, 2>(numbers_.all().slice(6, 2).data()),
                    .terms = critic_terms<A>::in(numbers_.all().slice(0, 6))},
                   optimizer, std::move(options)) {}

    Critic& critic() const { return trainer_.model(); }
    auto& trainer() { return trainer_; }

    /// Writes the generator's loss mean softplus(-D(decoded)) to `loss`, adds weight times its gradient to dx[i], of
    /// decoded[i], and adds the critic's own gradient to its next step.
    void judge(const std::vector<clip>& real, const std::vector<clip>& decoded, double weight, view<A, 1> loss,
               const std::vector<clip>& dx) {
        auto& ctx = critic().context();
        const arena::scope scope(ctx.arena);
        require(trainer_.added() < trainer_.options().accumulate,
                "a step of this critic has {} micro-batches (its training::accumulate), and another is judged before "
                "the step was made by update(); has the other trainer as many, and does its objective observe its run?",
                trainer_.options().accumulate);
        const judged<Critic> batch(critic(), real, decoded);
        const auto terms = critic_terms<A>::in(numbers_.all().slice(0, 6));
        batch.generator_loss(critic(), weight, terms.adversarial, dx);
        ops::convert(ctx, terms.adversarial, loss);
        trainer_.add(batch);
        ops::accumulate(ctx, numbers_.all().slice(0, 6), sums_.all());
    }
    /// Drops what was judged since the last step.
    void forget() {
        trainer_.forget();
        ops::fill(critic().context(), sums_.all(), 0);
    }
    /// Micro-batches judged since the last step.
    int added() const { return trainer_.added(); }

    /// The means of a step's micro-batches, unweighted, and what came of the critic's step.
    struct result {
        double adversarial = 0, gan = 0, r1 = 0, lecam = 0, real = 0, decoded = 0; ///< the last two: mean logits
        step_result step{};
    };
    /// The critic's step; the averages of its logits follow. Where it gives up (training::give_up_after), what was
    /// judged is dropped.
    result update() {
        auto& ctx = critic().context();
        const double share = 1.0 / trainer_.options().accumulate, keep = static_cast<double>(how_.average_decay);
        result made;
        try {
            made.step = trainer_.update();
        } catch (...) {
            forget();
            throw;
        }
        const auto means = sums_.all().slice(4, 2), averages = numbers_.all().slice(6, 2);
        if (!made.step.skipped) ops::blend(ctx, keep, averages, (1 - keep) * share, means, averages);
        std::vector<A> sums(6);
        ctx.download(sums.data(), sums_.data(), sums.size() * sizeof(A));
        ops::fill(ctx, sums_.all(), 0);
        std::size_t at = 0;
        for (double* term : {&made.adversarial, &made.gan, &made.r1, &made.lecam, &made.real, &made.decoded})
            *term = share * static_cast<double>(sums[at++]);
        return made;
    }

    /// Its options, the critic's trainer's under "critic." and their name.
    void each_option(auto&& option) const {
        how_.each_option(option);
        trainer_.each_option([&](const char* name, auto value, const range& allowed) {
            option(("critic." + std::string(name)).c_str(), value, allowed);
        });
    }
    /// Names all that the critic's next step depends on, as "critic." and its trainer's name for it.
    template <class Visit> void each_state(Visit&& visit) {
        trainer_.each_state([&](std::string_view name, auto&& state) {
            visit("critic." + std::string(name), std::forward<decltype(state)>(state));
        });
        visit("critic.average_logits", numbers_.all().slice(6, 2));
    }
    void masters_changed() { trainer_.masters_changed(); }

  private:
    critic_losses how_;
    buffer<A> numbers_; ///< the terms of a micro-batch, and the two averages
    buffer<A> sums_;    ///< of the terms over a step's micro-batches
    walt::trainer<Critic, critic_objective<A>, Optimizer> trainer_;
};

} // namespace walt
