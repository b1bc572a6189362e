// How each of the cascade's denoisers is trained.
#pragma once

#include "cascade.hpp"

#include <walt/data/halved.hpp>
#include <walt/data/latent_cache.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/plot_every.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

#include <filesystem>
#include <string>

namespace cascade {

/// Clips of the last stage. What the others train on are halves of these.
inline walt::moving_fashion full_size() {
    return walt::moving_fashion({.size = side, .frames = frames, .weave = weave});
}

/// source_of(tokenizer): batches of latents.
template <class Denoiser, class SourceOf>
bool train_denoiser(const training_options& options, const std::string& name, std::int64_t steps,
                    SourceOf&& source_of) {
    const std::filesystem::path weights = options.run / (name + ".safetensors");
    if (std::filesystem::exists(weights)) return true;
    device cpu;
    tokenizer tokens(cpu, {}, walt::compute<float>);
    walt::load_weights(options.run / "tokenizer.safetensors", tokens);
    const auto source = source_of(tokens);

    Denoiser model(cpu, {}, walt::compute<float>, walt::seed{1});
    walt::denoising objective;
    objective.self_conditioning_rate = 0.3f; // the paper's 0.9 costs half a pass more
    objective.low_resolution_noise = most_level;
    walt::trainer trainer(model, objective, walt::adamw{.learning_rate = 1e-3f},
                          {.rate = {.warmup = 200, .total = steps}});
    walt::ema average(model);
    fmt::print("{}: {} parameters, {} steps\n", name, walt::parameter_count<typename Denoiser::module_type>, steps);
    const bool whole = trainer.run(source, walt::steps{steps}, average, walt::save_to{options.run / name, 250},
                                   walt::plot_every{500, options.run / name, name});
    if (whole) walt::save_weights<walt::bf16>(weights, average.model());
    return whole;
}

} // namespace cascade
