// The demo's denoiser learns to know frames: its input grows, and it goes on training.
#include "demo.hpp"
#include "worded.hpp"

#include <walt/data/latent_cache.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/io/output_names.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/plot_every.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/more_inputs.hpp>

#include <fmt/core.h>

namespace demo {

namespace {
walt::latent_caching caching_of(const frames_training_options& options) {
    return {.clips = options.clips, .batch = 16, .image_rate = 0.0625};
}
} // namespace

void check(const frames_training_options& options) {
    walt::check_option("frames-steps", options.steps, walt::ranges::count);
    walt::check_options(caching_of(options));
    walt::make_writable(options.run);
}

bool train_frames(const frames_training_options& options) {
    check(options);
    device cpu;
    tokenizer tokens(cpu, {}, walt::compute<walt::bf16>);
    denoiser before(cpu, {}, walt::compute<walt::bf16>);
    walt::load_weights(options.weights / "tokenizer.safetensors", tokens);
    walt::load_weights(options.weights / "denoiser.safetensors", before);
    frames_denoiser model(cpu, {}, walt::compute<walt::bf16>);
    walt::add_inputs(before, model);

    // A video that goes on and on is at every place of its path, so training is too.
    const walt::moving_fashion data({.size = side, .frames = frames, .split = walt::split::train, .around = true});
    const walt::word_vectors text = text_encoder(options.weights / "denoiser.safetensors", options.weights);
    const walt::latent_cache latents(tokens, text, worded(data), caching_of(options));
    walt::denoising objective;
    objective.self_conditioning_rate = 0.3f;
    objective.knows = {.first = 0.25f, .first_two = 0.4f, .ends = 0.1f};
    walt::trainer trainer(model, objective, walt::adamw{.learning_rate = 5e-4f},
                          {.rate = {.warmup = 50, .total = options.steps}});
    walt::ema average(model, {.decay = 0.995f});
    const bool done = trainer.run(latents, walt::steps{options.steps}, average, walt::save_to{options.run, 100},
                                  walt::plot_every{100, options.run, "denoiser"});
    if (done)
        walt::save_weights<walt::bf16>(options.run / "frames.safetensors", average.model(),
                                       walt::text_metadata(text, latents.words()));
    return done;
}

} // namespace demo
