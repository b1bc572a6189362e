// The learned world: frame after frame, each made of the two before it and of the thrust asked for.
#pragma once

#include "simulator.hpp"

#include <walt/cpu.hpp>
#include <walt/diffusion/dpm_solver.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <vector>

namespace play {

/// 32 x 32 pixels to 8 x 8 latents of 4 channels, frame by frame: a player does not wait for four of them.
struct tokenizer_of_frames : walt::tokenizer_config {
    static constexpr int channels = 16, blocks = 1, latent = 4, norm_groups = 4;
    static constexpr std::array<int, 3> multipliers{1, 2, 2};
    static constexpr std::array<int, 2> time_strides{1, 1};
    static constexpr bool per_frame = true;
};
/// Three latent frames: two that are known and the next one.
struct next_frame : walt::denoiser_config {
    static constexpr int frames = 3, height = 8, width = 8, channels = 4, patch = 2;
    static constexpr int hidden = 128, heads = 4, depth = 4, numbers = 2;
    static constexpr bool frame_prediction = true, self_conditioning = false;
    static constexpr walt::window spatiotemporal_window{3, 4, 4};
};

using device = walt::cpu::context;
using tokenizer = walt::tokenizer<device, tokenizer_of_frames, walt::bf16>;
using denoiser = walt::denoiser<device, next_frame, walt::bf16>;

/// Begins with two frames of the simulator; all later ones are the model's own.
class world {
  public:
    world(const denoiser& model, const tokenizer& frames, ball first, int steps = 2, std::uint64_t seed = 1)
        : model_(&model), frames_(&frames), seed_(seed) {
        how_.sampler = walt::dpm_solver_pp_2m{.steps = steps};
        walt::clips shown;
        shown.shape = {1, 2, side, side, 3};
        shown.pixels.resize(static_cast<std::size_t>(shown.shape.size()));
        first.draw(shown.pixels.data());
        first.step({});
        first.draw(shown.pixels.data() + shown.shape.frame());
        past_ = frames.encode(shown);
        begins_ = walt::to_videos(shown)[0];
    }

    /// The two frames that it began with.
    const walt::video& begins() const { return begins_; }

    /// The next frame.
    walt::video step(thrust asked) {
        asked_[0] = asked_[1], asked_[1] = asked_[2], asked_[2] = asked;
        walt::conditions told;
        for (const thrust one : asked_) {
            told.numbers.push_back(static_cast<float>(one.x));
            told.numbers.push_back(static_cast<float>(one.y));
        }
        told.known.values = past_.values;
        told.known.values.resize(past_.values.size() / 2 * 3); // the third is asked for
        told.known.mask = {1, 1, 0};
        how_.seed = walt::seed{seed_++};
        const walt::latents made = walt::sample_latents(*model_, told, how_);
        past_ = made.frames(1, 2);
        return walt::to_videos(frames_->decode(made.frames(2, 1)))[0];
    }

  private:
    const denoiser* model_;
    const tokenizer* frames_;
    walt::sampling how_;
    std::uint64_t seed_;
    walt::latents past_; // [1, 2, 8, 8, 4]
    walt::video begins_;
    std::array<thrust, 3> asked_{};
};

} // namespace play
