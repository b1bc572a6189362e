// The demo's training: a tokenizer on clips of every length it will meet, then a denoiser on its latents.
#include "demo.hpp"

#include <walt/data/latent_cache.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/io/gif.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/plot_every.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

namespace demo {

namespace {

/// Clips of 1, 5, 9, 13 and 17 frames in turn: a tokenizer that has seen only short ones decodes long ones badly.
walt::clips clips_of_every_length(const walt::moving_fashion& data, std::int64_t n) {
    constexpr int lengths[] = {1, 9, 17, 5, 13}, counts[] = {32, 5, 3, 8, 3};
    walt::clips batch;
    batch.shape = {counts[n % 5], lengths[n % 5], side, side};
    for (std::int64_t i = 0; i < batch.shape.count; ++i) {
        const std::int64_t index = n * 64 + i;
        const walt::clip clip = walt::clip_at(data, walt::seed{1}, index);
        const auto first = walt::philox{2, static_cast<std::uint64_t>(index)}.below(
            0, static_cast<std::uint32_t>(frames - batch.shape.frames + 1));
        const auto begin = clip.pixels.begin() + batch.shape.frame() * first;
        batch.pixels.insert(batch.pixels.end(), begin, begin + batch.shape.sample());
    }
    return batch;
}

} // namespace

bool train(const training_options& options) {
    device cpu;
    const walt::moving_fashion data({.size = side, .frames = frames, .split = walt::split::train});

    tokenizer tokens(cpu, {}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer tokenizer_trainer(tokens, walt::reconstruction{}, walt::adamw{.learning_rate = 2e-3f},
                                    {.rate = {.warmup = 100, .total = options.tokenizer_steps}});
    walt::ema tokenizer_average(tokens);
    fmt::print("tokenizer: {} parameters, {} steps\n", walt::parameter_count<tokenizer::module_type>,
               options.tokenizer_steps);
    const bool first = tokenizer_trainer.run([&](std::int64_t n) { return clips_of_every_length(data, n); },
                                             walt::steps{options.tokenizer_steps}, tokenizer_average,
                                             walt::save_to{options.run / "tokenizer"},
                                             walt::plot_every{500, options.run / "tokenizer", "tokenizer"});
    tokenizer& averaged = tokenizer_average.model();
    averaged.measure_latents([&](std::int64_t n) { return walt::read_clips(data, walt::seed{77}, 16 * n, 16); },
                             {.batches = 4});
    walt::save_weights<walt::bf16>(options.run / "tokenizer.safetensors", averaged);
    if (!first) return false;

    const walt::word_vectors text = text_encoder();
    const walt::latent_cache latents(averaged, text, data, {.clips = options.clips, .batch = 32});
    denoiser model(cpu, {}, walt::compute<walt::bf16>, walt::seed{1});
    walt::denoising objective;
    objective.self_conditioning_rate = 0.3f; // the paper's 0.9 costs half a pass more
    walt::trainer trainer(model, objective, walt::adamw{.learning_rate = 1e-3f},
                          {.rate = {.warmup = 200, .total = options.denoiser_steps}});
    walt::ema average(model);
    fmt::print("denoiser: {} parameters, {} steps\n", walt::parameter_count<denoiser::module_type>,
               options.denoiser_steps);
    const bool second = trainer.run(
        latents, walt::steps{options.denoiser_steps}, average, walt::save_to{options.run / "denoiser"},
        walt::plot_every{500, options.run / "denoiser", "denoiser"}, [&](auto& run, const walt::step_result&) {
            if (run.step_count() % options.sample_every != 0) return;
            const sampling_options how{
                .weights = {},
                .out = {},
                .texts = {"a red sneaker moving left", "a blue bag moving up", "red trousers moving right"}};
            const std::vector<walt::video> videos = sample_videos(average.model(), averaged, how);
            walt::write_gif((options.run / ("samples_" + std::to_string(run.step_count()) + ".gif")).string(),
                            walt::tile(videos, 3), frames_per_second);
            walt::save_weights<walt::bf16>(options.run / "denoiser.safetensors", average.model());
        });
    walt::save_weights<walt::bf16>(options.run / "denoiser.safetensors", average.model());
    return second;
}

} // namespace demo
