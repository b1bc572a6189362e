// The cascade (paper sec. 4.5, 5.3; docs/model.md 16): a small video is sampled from a text, and each later stage
// samples one of twice the height and width under the latents of the stage before.
#pragma once

#include "../config/cascade.hpp"
#include "../core/range.hpp"
#include "sample.hpp"

#include <array>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

namespace walt {

/// stage{model, tokenizer, {.sampler = ddim{.steps = 20}}}: a denoiser, the tokenizer of its latents, and how it
/// samples (but for the seed, which is the cascade's). Shares the memory of both. Wrong options are refused here,
/// before the stages in front of it have sampled for hours.
template <class Denoiser, class Tokenizer> struct stage {
    using config = stage_config<typename Denoiser::config_type, typename Tokenizer::config_type>;
    Denoiser denoiser;
    Tokenizer tokenizer;
    sampling how;
    int low_resolution_level; ///< noise of the latents of the stage before, 0 .. 999; the first stage has none

    stage(const Denoiser& of, const Tokenizer& tokens, sampling sampled = {}, int level = 150)
        : denoiser(share(of)), tokenizer(share(tokens)), how(checked(std::move(sampled))), low_resolution_level(level) {
        check_option("stage::low_resolution_level", level, ranges::level);
    }
};

/// cascade all(stage{base, tokens, ...}, stage{twice, tokens, ...}): stages from the smallest on, checked against each
/// other when it compiles (config/cascade.hpp).
/// A stage sees the latents of the one before as they are, normalised by that stage's tokenizer, and noised to
/// low_resolution_level: training pairs are of the same kind (latent_pairs), so nothing is decoded in between, whether
/// the stages share a tokenizer or not. All is a function of the seed; every stage has noise of its own.
template <class... Stage> class cascade {
  public:
    using config = cascade_config<typename Stage::config...>;
    static constexpr bool config_is_valid = config::valid; // says a sentence where it is not
    static constexpr int stages = config::stages;

    explicit cascade(Stage... of) : stages_(std::move(of)...) {
        const std::array<bool, sizeof...(Stage)> images =
            std::apply([](const auto&... one) { return std::array{one.how.images...}; }, stages_);
        for (std::size_t k = 1; k < images.size(); ++k)
            require(images[k] == images[0],
                    "all stages of a cascade sample videos, or all stacks of images: stage 0 samples {}, stage {} {}",
                    images[0] ? "images" : "videos", k, images[k] ? "images" : "videos");
    }

    /// Latents of every stage, [B, F, H, W, C], normalised. Known frames are the first stage's.
    std::vector<latents> latents_of_all(conditions told, walt::seed from = {}) const {
        std::vector<latents> made;
        each_stage([&](const auto& one) {
            sampling how = one.how;
            how.seed.value = from.value + 0x9E3779B97F4A7C15u * made.size();
            if (!made.empty()) {
                told.known = {};
                told.low_resolution = {
                    .values = made.back().values, .level = one.low_resolution_level, .seed = how.seed};
            }
            made.push_back(sample_latents(one.denoiser, told, how));
        });
        return made;
    }

    /// Videos of every stage: [stage][sample], or of stacks [stage][sample F].
    std::vector<std::vector<video>> sample_all(const conditions& told, walt::seed from = {}) const {
        const std::vector<latents> made = latents_of_all(told, from);
        std::vector<std::vector<video>> seen;
        each_stage([&](const auto& one) { seen.push_back(to_videos(one.tokenizer.decode(made[seen.size()]))); });
        return seen;
    }
    /// Of the last stage.
    std::vector<video> sample(const conditions& told, walt::seed from = {}) const {
        const auto& last = std::get<sizeof...(Stage) - 1>(stages_);
        return to_videos(last.tokenizer.decode(latents_of_all(told, from).back()));
    }

    /// One sample a text: all stages read it. The encoder is that of the training.
    template <text_encoder Encoder>
    std::vector<video> sample(const Encoder& encoder, const prompts& wanted, walt::seed from = {}) const {
        return sample(told(encoder, wanted), from);
    }
    template <text_encoder Encoder>
    std::vector<std::vector<video>> sample_all(const Encoder& encoder, const prompts& wanted,
                                               walt::seed from = {}) const {
        return sample_all(told(encoder, wanted), from);
    }
    /// One sample a class.
    std::vector<video> sample(const labels& wanted, walt::seed from = {}) const { return sample(told(wanted), from); }
    std::vector<std::vector<video>> sample_all(const labels& wanted, walt::seed from = {}) const {
        return sample_all(told(wanted), from);
    }

  private:
    /// The conditions that say it; refused where the first stage cannot be told.
    template <text_encoder Encoder> conditions told(const Encoder& encoder, const prompts& wanted) const {
        return walt::told(std::get<0>(stages_).denoiser, encoder, wanted);
    }
    static conditions told(const labels& wanted) { return walt::told(wanted); }

    void each_stage(auto&& use) const {
        std::apply([&](const auto&... one) { (use(one), ...); }, stages_);
    }

    std::tuple<Stage...> stages_;
};

} // namespace walt
