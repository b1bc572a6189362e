// The demo's training: a tokenizer on clips of every length it will meet, then a denoiser on its latents.
#include "carry_text.hpp"
#include "demo.hpp"
#include "worded.hpp"

#include <walt/data/latent_cache.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/io/gif.hpp>
#include <walt/io/output_names.hpp>
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

void carry_texts(const std::filesystem::path& weights, const std::filesystem::path& run) {
    device cpu;
    const walt::word_vectors text = words_of(weights);
    walt::text_encoder_of(weights / "denoiser.safetensors", hashed_words()); // refuses one that is of a table already
    denoiser model(cpu, {}, walt::compute<walt::bf16>);
    walt::load_weights(weights / "denoiser.safetensors", model);
    std::vector<std::string> before, now;
    walt::vocabulary trained;
    for (int c = 0; c < walt::moving_fashion::combinations; ++c) {
        const walt::moving_fashion_label shown = walt::moving_fashion::combination(c);
        if (walt::moving_fashion::held_out(shown)) continue;
        for (std::size_t way = 0; way < worded::ways; ++way)
            for (std::size_t verb = 0; verb < worded::verbs.size(); ++verb) {
                before.push_back(walt::moving_fashion::caption(shown));
                now.push_back(worded::say(before.back(), way, verb));
                trained.add(now.back());
            }
    }
    carry_text(model, hashed_words().encode(before), text.encode(now), 0.1);
    std::filesystem::create_directories(run);
    walt::save_weights<walt::bf16>(run / "denoiser.safetensors", model, walt::text_metadata(text, trained));
}

namespace {
walt::latent_caching caching_of(const training_options& options) { return {.clips = options.clips, .batch = 32}; }
} // namespace

void check(const training_options& options) {
    walt::check_option("tokenizer-steps", options.tokenizer_steps, walt::ranges::count);
    walt::check_option("denoiser-steps", options.denoiser_steps, walt::ranges::count);
    walt::check_options(caching_of(options));
    walt::make_writable(options.run);
}

bool train(const training_options& options) {
    check(options);
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
    if (!first) return false;
    tokenizer& averaged = tokenizer_average.model();
    averaged.measure_latents([&](std::int64_t n) { return walt::read_clips(data, walt::seed{77}, 16 * n, 16); },
                             {.batches = 4});
    walt::save_weights<walt::bf16>(options.run / "tokenizer.safetensors", averaged);

    const std::filesystem::path words = options.words / "words.safetensors";
    if (std::filesystem::exists(words)) // the weights belong to it
        std::filesystem::copy_file(words, options.run / "words.safetensors",
                                   std::filesystem::copy_options::overwrite_existing);
    else fmt::print("words have no meaning beyond their letters: there is no {}\n", words.string());
    const walt::word_vectors text = std::filesystem::exists(words) ? words_of(options.run) : hashed_words();
    const walt::latent_cache latents(averaged, text, worded(data), caching_of(options));
    denoiser model(cpu, {}, walt::compute<walt::bf16>, walt::seed{1});
    walt::denoising objective;
    objective.self_conditioning_rate = 0.3f; // the paper's 0.9 costs half a pass more
    walt::trainer trainer(model, objective, walt::adamw{.learning_rate = 1e-3f},
                          {.rate = {.warmup = 200, .total = options.denoiser_steps}});
    walt::ema average(model);
    fmt::print("denoiser: {} parameters, {} steps\n", walt::parameter_count<denoiser::module_type>,
               options.denoiser_steps);
    const auto save = [&] {
        walt::save_weights<walt::bf16>(options.run / "denoiser.safetensors", average.model(),
                                       walt::text_metadata(text, latents.words()));
    };
    const bool second = trainer.run(
        latents, walt::steps{options.denoiser_steps}, average, walt::save_to{options.run / "denoiser"},
        walt::plot_every{500, options.run / "denoiser", "denoiser"}, [&](auto& run, const walt::step_result&) {
            if (run.step_count() % options.sample_every != 0) return;
            sampling_options how;
            how.texts = {"a red sneaker moving left", "a blue bag moving up", "red trousers moving right"};
            const std::vector<walt::video> videos =
                sample_videos(average.model(), averaged, text, walt::prompts(how.texts), how);
            walt::write_gif((options.run / ("samples_" + std::to_string(run.step_count()) + ".gif")).string(),
                            walt::tile(videos, 3), frames_per_second,
                            walt::json_fields()("texts", how.texts)("step", run.step_count())("seed", how.seed).text());
            save();
        });
    if (second) save();
    return second;
}

} // namespace demo
