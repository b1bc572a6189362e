// The tokenizer's objective as the paper has it: pixels, a perceptual distance, a critic (paper sec. 3, docs/model.md
// 12).
#pragma once

#include "../core/range.hpp"
#include "../ops/reconstruction.hpp"
#include "../train/learning_rate.hpp"
#include "../train/observer.hpp"
#include "autoencoding.hpp"

#include <vector>

namespace walt {

namespace rules {
template <int Tokenizer, int Critic> constexpr bool a_critic_takes_the_tokenizers_pixels() {
    constexpr bool holds = Tokenizer == Critic;
    static_assert(holds,
                  "a tokenizer and its critic must take pixels of as many channels (in_channels of their configs)");
    return holds;
}
template <int Tokenizer, int Features> constexpr bool features_are_of_the_tokenizers_pixels() {
    constexpr bool holds = Tokenizer == Features;
    static_assert(holds, "a tokenizer and the feature network of its perceptual distance must take pixels of as many "
                         "channels (in_channels and pixel_channels)");
    return holds;
}
} // namespace rules

namespace detail {
/// Channels of the pixels that a critic or a perceptual distance takes; `otherwise` where it does not say.
template <class Adversary> constexpr int critic_channels(int otherwise) {
    if constexpr (requires { Adversary::critic_type::module_type::pixel_channels; })
        return Adversary::critic_type::module_type::pixel_channels;
    else return otherwise;
}
template <class Perceptual> constexpr int feature_channels(int otherwise) {
    if constexpr (requires { Perceptual::pixel_channels; }) return Perceptual::pixel_channels;
    else return otherwise;
}
template <class Model, class Adversary, class Perceptual> constexpr bool pixels_fit() {
    constexpr int channels = Model::module_type::pixel_channels;
    return rules::a_critic_takes_the_tokenizers_pixels<channels, critic_channels<Adversary>(channels)>() &&
           rules::features_are_of_the_tokenizers_pixels<channels, feature_channels<Perceptual>(channels)>();
}
} // namespace detail

/// The weights of the terms, and what else a run may choose.
struct tokenizer_losses {
    float reconstruction = 5;            ///< of the mean squared difference of pixels in [0, 1]
    float adversarial = 0.1f;            ///< of what the critic finds
    float perceptual = 0.1f;             ///< of the perceptual distance
    std::int64_t adversarial_from = 0;   ///< the first step with the critic; before it, neither learns of the other
    float latent_pull = 0;               ///< adds latent_pull mean z^2, not reported: as in walt::reconstruction
    float latent_noise = 0;              ///< deviation of Gaussian noise added to z: as there
    activations keep = activations::all; ///< or rematerialise: less memory, more work
    std::int64_t chunk = 0;              ///< latent frames that pass the tokenizer and the perceptual distance at once,
                                         ///< as in walt::reconstruction; the critic sees whole clips

    void each_option(auto&& option) const {
        option("tokenizer_losses::reconstruction", reconstruction, ranges::not_negative);
        option("tokenizer_losses::adversarial", adversarial, ranges::not_negative);
        option("tokenizer_losses::perceptual", perceptual, ranges::not_negative);
        option("tokenizer_losses::adversarial_from", adversarial_from, ranges::not_negative);
        option("tokenizer_losses::latent_pull", latent_pull, ranges::not_negative);
        option("tokenizer_losses::latent_noise", latent_noise, ranges::not_negative);
        option("tokenizer_losses::chunk", chunk, ranges::not_negative);
    }
};

/// What came of a step: its terms, unweighted, as means over the micro-batches.
struct tokenizing_terms {
    double reconstruction = 0, perceptual = 0, adversarial = 0; ///< the generator's
    double gan = 0, r1 = 0, lecam = 0;                          ///< the critic's
    double real = 0, decoded = 0;                               ///< mean logits
    double critic_gradient_norm = 0;
    bool critic_skipped = false;

    /// field(name, value) for each, in this order.
    void each(auto&& field) const {
        field("reconstruction", reconstruction), field("perceptual", perceptual), field("adversarial", adversarial);
        field("gan", gan), field("r1", r1), field("lecam", lecam), field("real", real), field("decoded", decoded);
        field("critic_gradient_norm", critic_gradient_norm);
        field("critic_skipped", critic_skipped ? 1.0 : 0.0);
    }
};

/// reconstruction R + adversarial A + perceptual P over a batch of videos and stacks of images, which are in memory
/// together, since the critic's means are over both. In those an image counts as a clip does. It is an objective, by
/// reference, and an observer, which makes the critic's step and says the terms:
///     walt::tokenizing goal(model, {}, opponent, distance);
///     walt::trainer trainer(model, std::ref(goal), walt::adamw::adversarial(), options);
///     trainer.run(source, steps, goal, ...);
/// Adversary: a walt::adversary or none{}. Perceptual: distance(x, y, value [1], dx) writes the mean distance over
/// frames of two videos and assigns its gradient by x, as walt::perceptual_distance does; or none{}. Both outlive it.
/// Where a pixel is missing (clips::present), all terms see 0 in the real and in the decoded clip, and no gradient
/// comes back from there. The pixels' term is the mean over those that are there.
template <class Model, class Adversary = none, class Perceptual = none> class tokenizing {
  public:
    using A = typename Model::master_type;
    using of_config = tokenizer_config;
    using batch_type = clips;
    static constexpr bool has_adversary = !is_none<Adversary>, has_perceptual = !is_none<Perceptual>;

    tokenizing(Model& model, tokenizer_losses losses, Adversary& adversary,
               const Perceptual& perceptual) requires(has_adversary&& has_perceptual)
        : tokenizing(model, losses, &adversary, &perceptual) {}
    tokenizing(Model& model, tokenizer_losses losses, Adversary& adversary) requires(has_adversary && !has_perceptual)
        : tokenizing(model, losses, &adversary, nullptr) {}
    tokenizing(Model& model, tokenizer_losses losses, none,
               const Perceptual& perceptual) requires(!has_adversary && has_perceptual)
        : tokenizing(model, losses, nullptr, &perceptual) {}
    // Temporaries would be gone before the first step.
    tokenizing(Model&, tokenizer_losses, Adversary&&,
               const Perceptual&) requires(has_adversary&& has_perceptual) = delete;
    tokenizing(Model&, tokenizer_losses, Adversary&,
               const Perceptual&&) requires(has_adversary&& has_perceptual) = delete;
    tokenizing(Model&, tokenizer_losses, Adversary&&) requires(has_adversary && !has_perceptual) = delete;
    tokenizing(Model&, tokenizer_losses, none, const Perceptual&&) requires(!has_adversary && has_perceptual) = delete;
    tokenizing(const tokenizing&) = delete; // a trainer gets it as std::ref(goal)
    tokenizing& operator=(const tokenizing&) = delete;

    /// For its trainer, which checks them, and for a run's state: the adversary's too.
    void each_option(auto&& option) const {
        losses_.each_option(option);
        if constexpr (has_adversary) each_option_of(*adversary_, option);
    }

    /// Writes the weighted loss of a batch to `loss` on the device and adds its gradient to g; the host does not wait.
    template <class Sink>
    void operator()(Model& model, const clips& batch, const Sink& g, philox random, view<A, 1> loss) {
        auto& ctx = model.context();
        const arena::scope scope(ctx.arena);
        begin_micro_batch(ctx, random);
        const std::int64_t there = batch.pixels_present();
        require(there > 0, "a batch of {} samples without a pixel that is present has no loss", batch.shape.count);
        std::int64_t pixels = 0, latents = 0;
        std::vector<autoencoding<Model>> passes;
        passes.reserve(2);
        for (const clip_group& of : clip_groups<Model>(batch)) {
            const philox own{passes.empty() ? random.seed : random.seed ^ 0x696d61676573u, random.stream};
            passes.emplace_back(model, of, static_cast<double>(losses_.latent_noise), own, losses_.keep, losses_.chunk);
            pixels += of.size.positions();
            latents += passes.back().latents();
        }
        const auto reconstructed = number(ctx), distance = number(ctx);
        for (const auto& pass : passes) {
            const double of_pass = static_cast<double>(size_of(pass.real).positions());
            add_reconstruction(ctx, pass, of_pass / static_cast<double>(there), reconstructed);
            if constexpr (has_perceptual) add_perceptual(ctx, pass, of_pass / static_cast<double>(pixels), distance);
        }
        ops::blend(ctx, losses_.reconstruction, reconstructed, losses_.perceptual, distance, loss);
        if constexpr (has_adversary)
            if (step_ >= losses_.adversarial_from) add_adversarial(ctx, passes, loss);
        for (const auto& pass : passes)
            pass.backward(model, static_cast<double>(losses_.latent_pull) / static_cast<double>(latents), g,
                          &pass == &passes.back());
        ops::accumulate(ctx, reconstructed, sums_.all().slice(0, 1));
        ops::accumulate(ctx, distance, sums_.all().slice(1, 1));
    }

    /// Of the last step.
    const tokenizing_terms& terms() const { return terms_; }

    /// A trainer says so before a step's first micro-batch.
    void begin_step() { begins_step_ = true; }
    /// A trainer says so when it drops a step's micro-batches. Before a step's first one there are none of it, and
    /// those of the step that was made stay.
    void forget(Model& model) {
        if (!begins_step_) drop_micro_batches(model.context());
    }

    /// Both players make their steps of as many micro-batches; what another run left open is dropped.
    void begin(auto& run) {
        drop_micro_batches(run.trainer().model().context());
        if constexpr (has_adversary) {
            const int tokenizers = run.trainer().options().accumulate,
                      critics = adversary_->trainer().options().accumulate;
            require(tokenizers == critics,
                    "the tokenizer's step has {} micro-batches and its critic's {}: training::accumulate must be the "
                    "same for both",
                    tokenizers, critics);
            if (run.trainer().step_count() < run.until().count)
                detail::tell_of_course("the critic's ", adversary_->trainer().options().rate,
                                       run.until().count - losses_.adversarial_from);
        }
    }
    void on_step(auto& trainer, const step_result&) {
        auto& ctx = trainer.model().context();
        std::vector<A> sums(2);
        ctx.download(sums.data(), sums_.data(), sums.size() * sizeof(A));
        ops::fill(ctx, sums_.all(), 0);
        const double share = 1.0 / static_cast<double>(trainer.options().accumulate);
        terms_ = {};
        terms_.reconstruction = share * static_cast<double>(sums[0]);
        terms_.perceptual = share * static_cast<double>(sums[1]);
        micro_batches_ = 0; // before the critic, which may give up
        ++step_;
        if constexpr (has_adversary)
            if (adversary_->added() > 0) {
                const auto made = adversary_->update();
                terms_.adversarial = made.adversarial;
                terms_.gan = made.gan, terms_.r1 = made.r1, terms_.lecam = made.lecam;
                terms_.real = made.real, terms_.decoded = made.decoded;
                terms_.critic_gradient_norm = made.step.gradient_norm;
                terms_.critic_skipped = made.step.skipped;
            }
    }
    /// Micro-batches of a step that it has not been told of.
    std::int64_t added() const { return micro_batches_; }
    void each_state(auto&& visit) {
        visit("tokenizing.step", step_);
        if constexpr (has_adversary) adversary_->each_state(visit);
    }
    void masters_changed() {
        if constexpr (has_adversary) adversary_->masters_changed();
    }

  private:
    tokenizing(Model& model, tokenizer_losses losses, Adversary* adversary, const Perceptual* perceptual)
        : losses_(losses), adversary_(adversary), perceptual_(perceptual), sums_(model.context(), 2) {
        [[maybe_unused]] constexpr bool fit = detail::pixels_fit<Model, Adversary, Perceptual>();
        require(losses.adversarial_from >= 0, "tokenizer_losses::adversarial_from is a step, 0 or later; it is {}",
                losses.adversarial_from);
    }
    /// A zero of the device.
    static view<A, 1> number(auto& ctx) {
        const auto made = ctx.arena.template take<A, 1>();
        ops::fill(ctx, made, 0);
        return made;
    }
    /// A step that was given up begins again with its first micro-batch: what had come of it is dropped.
    void begin_micro_batch(auto& ctx, philox random) {
        const bool follows = micro_batches_ > 0 && random.stream == last_ + 1;
        require(!(follows && begins_step_),
                "a tokenizer's step of {} micro-batches was made, and this objective was not told what came of it: it "
                "is also an observer of its run, so give it to run()",
                micro_batches_);
        if (!follows) drop_micro_batches(ctx);
        begins_step_ = false;
        ++micro_batches_;
        last_ = random.stream;
    }
    void drop_micro_batches(auto& ctx) {
        if (micro_batches_ == 0) return;
        ops::fill(ctx, sums_.all(), 0);
        if constexpr (has_adversary) adversary_->forget();
        micro_batches_ = 0;
    }
    void add_reconstruction(auto& ctx, const auto& pass, double share, view<A, 1> sum) const {
        const arena::scope scope(ctx.arena);
        const auto value = number(ctx);
        ops::reconstruction_error(ctx, pass.decoded, pass.real, 0, value, pass.gradient);
        const double part = share / 4; // pixels in [-1, 1] are twice as far apart as in [0, 1]
        ops::blend(ctx, static_cast<double>(losses_.reconstruction) * part, pass.gradient, 0, none{}, pass.gradient);
        ops::blend(ctx, 1, sum, part, value, sum);
    }
    /// Frames are looked at one by one, so chunks of them come one after another.
    void add_perceptual(auto& ctx, const auto& pass, double share, view<A, 1> sum) const {
        for (const chunk_frames& at : pass.chunks()) {
            const arena::scope scope(ctx.arena);
            const double part = share * static_cast<double>(at.pixels) / static_cast<double>(pass.real.extent(1));
            const auto of = [&](const auto& clip) { return frames_of(ctx, clip, at.pixel, at.pixels); };
            const auto value = number(ctx);
            const auto gradient = of(pass.gradient);
            const auto d = size_of(gradient).template take<A, Model::module_type::pixel_channels>(ctx.arena);
            (*perceptual_)(of(pass.decoded), of(pass.real), value, d);
            ops::blend(ctx, 1, gradient, part * static_cast<double>(losses_.perceptual), d, gradient);
            if (at.pixels < pass.real.extent(1)) put_frames(ctx, gradient, pass.gradient, at.pixel);
            ops::blend(ctx, 1, sum, part, value, sum);
        }
    }
    void add_adversarial(auto& ctx, const auto& passes, view<A, 1> loss) {
        const arena::scope scope(ctx.arena);
        std::vector<typename autoencoding<Model>::clip> real, decoded, gradient;
        for (const auto& pass : passes) {
            real.push_back(pass.real);
            decoded.push_back(pass.decoded);
            gradient.push_back(pass.gradient);
        }
        const auto value = number(ctx);
        adversary_->judge(real, decoded, static_cast<double>(losses_.adversarial), value, gradient);
        ops::blend(ctx, 1, loss, losses_.adversarial, value, loss);
    }

    tokenizer_losses losses_;
    Adversary* adversary_;
    const Perceptual* perceptual_;
    buffer<A> sums_; ///< of the two terms over a step's micro-batches
    tokenizing_terms terms_;
    std::int64_t step_ = 0, micro_batches_ = 0; ///< the latter: of a step that is not made yet
    std::uint64_t last_ = 0;                    ///< stream of the last micro-batch
    bool begins_step_ = false;
};

template <class Model, class Adversary>
tokenizing(Model&, tokenizer_losses, Adversary&) -> tokenizing<Model, Adversary>;
template <class Model, class Perceptual>
tokenizing(Model&, tokenizer_losses, none, const Perceptual&) -> tokenizing<Model, none, Perceptual>;
template <class Model, class Adversary, class Perceptual>
tokenizing(Model&, tokenizer_losses, Adversary&, const Perceptual&) -> tokenizing<Model, Adversary, Perceptual>;

} // namespace walt
