// The demo's training: a tokenizer on clips of every length it will meet, then a denoiser on its latents.
#include "demo.hpp"

#include <walt/data/latent_cache.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/io/gif.hpp>
#include <walt/io/plot.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/trainer.hpp>

#include <fstream>
#include <sstream>

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

/// The log's losses, averaged over a hundredth of the run, as a picture.
void plot_log(const std::filesystem::path& folder, const std::string& title) {
    std::ifstream log(folder / "log.csv");
    std::string line;
    std::vector<double> losses;
    while (std::getline(log, line)) {
        std::istringstream fields(line);
        double step = 0, loss = 0;
        char comma = 0;
        if (fields >> step >> comma >> loss) losses.push_back(loss);
    }
    walt::curve curve{"loss", {}};
    const std::size_t width = std::max<std::size_t>(1, losses.size() / 100);
    for (std::size_t i = 0; i + width <= losses.size(); i += width) {
        double sum = 0;
        for (std::size_t j = i; j < i + width; ++j) sum += losses[j];
        curve.points.emplace_back(static_cast<double>(i + width), sum / static_cast<double>(width));
    }
    walt::write_curves((folder / "loss.svg").string(), title, "step", "loss", std::vector<walt::curve>{curve}, true);
}

} // namespace

bool train(const training_options& options) {
    device cpu;
    const walt::moving_fashion data({.size = side, .frames = frames, .split = walt::split::train});

    tokenizer tokens(cpu, {}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer tokenizer_trainer(tokens, walt::reconstruction{}, walt::adamw{.learning_rate = 2e-3f},
                                    {.rate = {.warmup = 100, .total = options.tokenizer_steps}});
    std::printf("tokenizer: %zu parameters, %lld steps\n", walt::parameter_count<tokenizer::module_type>,
                static_cast<long long>(options.tokenizer_steps));
    const bool first =
        tokenizer_trainer.run([&](std::int64_t n) { return clips_of_every_length(data, n); },
                              walt::steps{options.tokenizer_steps}, walt::save_to{options.run / "tokenizer"});
    plot_log(options.run / "tokenizer", "tokenizer");
    tokenizer& averaged = tokenizer_trainer.ema();
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
                          {.rate = {.warmup = 200, .total = options.denoiser_steps}, .average = {.decay = 0.999f}});
    std::printf("denoiser: %zu parameters, %lld steps\n", walt::parameter_count<denoiser::module_type>,
                static_cast<long long>(options.denoiser_steps));
    const bool second = trainer.run(
        latents, walt::steps{options.denoiser_steps}, walt::save_to{options.run / "denoiser"},
        [&](auto& run, const walt::step_result&) {
            if (run.step_count() % options.sample_every != 0) return;
            const sampling_options how{
                .weights = {},
                .out = {},
                .texts = {"a red sneaker moving left", "a blue bag moving up", "red trousers moving right"},
                .steps = 20};
            const std::vector<walt::video> videos = sample_videos(run.ema(), averaged, how);
            walt::write_gif((options.run / ("samples_" + std::to_string(run.step_count()) + ".gif")).string(),
                            walt::tile(videos, 3), frames_per_second);
            walt::save_weights<walt::bf16>(options.run / "denoiser.safetensors", run.ema());
        });
    plot_log(options.run / "denoiser", "denoiser");
    walt::save_weights<walt::bf16>(options.run / "denoiser.safetensors", trainer.ema());
    return second;
}

} // namespace demo
