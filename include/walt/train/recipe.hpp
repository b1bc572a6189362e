// The paper's trainings as options: how long, on batches of what size, by which optimizer, with what dropped, averaged
// and sampled. A line marked *(choice)* is walt's; the paper is silent there.
#pragma once

#include "../config/presets.hpp"
#include "../critic/adversary.hpp"
#include "../data/latent_cache.hpp"
#include "../diffusion/denoising.hpp"
#include "../diffusion/sampling.hpp"
#include "../tokenizer/tokenizing.hpp"
#include "adafactor.hpp"
#include "adamw.hpp"
#include "ema.hpp"
#include "trainer.hpp"

#include <algorithm>
#include <cstdint>

namespace walt {

namespace detail {
/// A training of `batch` samples a step in micro-batches of `at_once`.
inline training in_micro_batches(warmup_cosine rate, int batch, int at_once) {
    require(batch >= 1, "a step has 1 sample or more, not {}", batch);
    require(at_once >= 1 && batch % at_once == 0,
            "a batch of {} samples is made of micro-batches of equal size; {} does not divide it", batch, at_once);
    training how;
    how.rate = rate;
    how.accumulate = batch / at_once;
    return how;
}
} // namespace detail

/// How the paper trains and samples a denoiser. Everything is a value to change; Config is the preset that it was.
///     auto how = walt::recipes::ucf_101();
///     walt::denoiser model(device, decltype(how)::config{}, walt::compute<walt::bf16>);
///     walt::trainer trainer(model, how.objective, how.optimizer, how.training_of(8));
///     trainer.run(walt::latent_cache(tokenizer, data, how.caching_of(8)), walt::steps{how.rate.total}, ...);
template <class Config, class Optimizer> struct recipe {
    using config = Config;
    using optimizer_type = Optimizer;

    int batch = 256;       ///< samples a step
    double image_rate = 0; ///< part of them that are stacks of images *(choice)*
    Optimizer optimizer{}; ///< with the peak of the learning rate
    warmup_cosine rate{};  ///< its course, and in `total` how many steps the training has
    denoising objective{};
    bool averaged = true; ///< whether samples are made by the average of the weights
    averaging average{};
    sampling samples{};

    /// The trainer's options, a step being made of micro-batches of `at_once` samples: as many as memory holds.
    training training_of(int at_once) const { return detail::in_micro_batches(rate, batch, at_once); }
    /// How a cache of so many clips gives such micro-batches.
    latent_caching caching_of(int at_once, std::int64_t clips) const {
        latent_caching how;
        how.clips = clips;
        how.batch = at_once;
        how.image_rate = image_rate;
        return how;
    }
    /// The same course in fewer or more steps, warm-up and all.
    recipe in_steps(std::int64_t steps) const {
        constexpr std::int64_t most = 1'000'000'000'000'000; // so that real numbers count them
        require(steps >= 1 && steps <= most, "a training has 1 step or more, up to {}, not {}", most, steps);
        check_options(rate);
        require(rate.total >= 1 && rate.warmup <= rate.total,
                "a course of {} steps, {} of which are its warm-up, cannot be stretched to {} steps: "
                "warmup_cosine::total must be 1 or more, and the warm-up no longer than it",
                rate.total, rate.warmup, steps);
        recipe made = *this; // the product in real numbers, which it does not leave
        made.rate.warmup =
            std::min(steps, static_cast<std::int64_t>(static_cast<double>(rate.warmup) * static_cast<double>(steps) /
                                                      static_cast<double>(rate.total)));
        made.rate.total = steps;
        return made;
    }
};

/// How the paper trains a tokenizer against its critic.
struct tokenizer_recipe {
    int batch = 256;
    adamw optimizer = adamw::adversarial(1e-4f); ///< of both (MAGVIT-v2's, as all that follows)
    warmup_cosine rate{};                        ///< and in `total` how many steps
    tokenizer_losses losses{};
    critic_losses critic{};
    averaging average{}; ///< 0.999

    training training_of(int at_once) const { return detail::in_micro_batches(rate, batch, at_once); }
};

/// Paper Table 8, sections 5.1 to 5.3, appendix A. Epochs of lists of known size are steps here.
namespace recipes {

namespace detail {
/// What all of Table 8 has in common: rates that follow a cosine, steps uniform, estimates of x0 in 90 % of batches,
/// 50 steps of DDIM.
template <class Config, class Optimizer>
recipe<Config, Optimizer> table_8(int batch, std::int64_t steps, Optimizer by) {
    recipe<Config, Optimizer> made;
    made.batch = batch;
    made.optimizer = by;
    made.rate = {.warmup = 5000, .total = steps, .floor = 0}; // warm-up: *(choice)*
    made.objective.self_conditioning_rate = 0.9f;
    made.objective.condition_drop = 0.1f; // *(choice)*
    made.average.decay = 0.9999f;         // *(choice)*
    made.samples.sampler = ddim{.steps = 50};
    return made;
}
/// Betas and decay of AdamW: *(choice)*, walt's defaults.
template <class Config> recipe<Config, adamw> by_adamw(int batch, std::int64_t steps, float rate) {
    return table_8<Config>(batch, steps, adamw{.learning_rate = rate});
}
/// Adafactor's style: *(choice)*; rates of this size with a cosine are those of big_vision. No average.
template <class Config> recipe<Config, adafactor> by_adafactor(int batch, std::int64_t steps, float rate) {
    auto made = table_8<Config>(batch, steps, adafactor::big_vision(rate));
    made.averaged = false;
    made.image_rate = 0.25;                                // joint training (sec. 4.1); how many: *(choice)*
    made.samples.guide = {.scale = 7.5f, .rescale = 0.7f}; // guided, all three stages; how much: *(choice)*
    return made;
}
} // namespace detail

/// UCF-101, by class: W.A.L.T-XL, 60 000 steps, no guidance. (L is `presets::walt_l` with the same.)
inline auto ucf_101() { return detail::by_adamw<presets::walt_xl>(256, 60'000, 5e-4f); }
/// ImageNet 256 x 256, by class: 350 epochs, 437 000 steps, no guidance. Its latents have one frame.
inline auto imagenet() { return detail::by_adamw<presets::imagenet_l>(1024, 437'000, 5e-4f); }
/// Kinetics-600: five frames given (two latent ones), twelve predicted; 360 epochs of 384 000 clips, 270 000 steps, no
/// guidance: so nothing is dropped *(choice)*.
inline auto kinetics_600() {
    auto made = detail::by_adamw<presets::kinetics_l>(512, 270'000, 5e-4f);
    made.objective.condition_drop = 0;
    made.objective.knows = presets::kinetics_600_knows;
    return made;
}
/// Text to video, 17 x 128 x 128: captions dropped, images and videos.
inline auto text_to_video_base() { return detail::by_adafactor<presets::cascade_base>(512, 550'000, 2e-4f); }
/// The base's fine-tuning to 17 x 128 x 224 (Table 6): a constant rate.
inline auto text_to_video_wide() {
    auto made = detail::by_adafactor<presets::cascade_base_wide>(512, 250'000, 5e-5f);
    made.rate.floor = 1;
    return made;
}
/// Super-resolution to 17 x 256 x 448.
inline auto text_to_video_256x448() { return detail::by_adafactor<presets::cascade_256x448>(512, 675'000, 5e-4f); }
/// Super-resolution to 17 x 512 x 896.
inline auto text_to_video_512x896() { return detail::by_adafactor<presets::cascade_512x896>(512, 275'000, 5e-4f); }

namespace detail {
inline tokenizer_recipe tokenizer(std::int64_t steps) {
    return {.rate = {.warmup = steps / 100, .total = steps, .floor = 0}}; // warm-up: *(choice)*
}
} // namespace detail
/// 2000 epochs of 9537 clips. Of `presets::walt_tokenizer`, as are the next two.
inline tokenizer_recipe ucf_101_tokenizer() { return detail::tokenizer(74'500); }
inline tokenizer_recipe kinetics_600_tokenizer() { return detail::tokenizer(270'000); }
/// Of the paper's own videos and images.
inline tokenizer_recipe text_to_video_tokenizer() { return detail::tokenizer(1'000'000); }
/// 270 epochs of 1 281 167 images. Of `presets::imagenet_tokenizer`.
inline tokenizer_recipe imagenet_tokenizer() { return detail::tokenizer(1'351'000); }

} // namespace recipes

} // namespace walt
