// A denoiser learns the latents of moving fashion, videos and stacks of images in one batch; run it again and it goes
// on.
// test: --steps 12 --clips 32
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/data/batches.hpp>
#include <walt/data/latent_cache.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <fmt/core.h>

struct small : walt::presets::demo {
    static constexpr int hidden = 64, heads = 2, depth = 2;
};

int main(int count, char** arguments) try {
    examples::program app("train a denoiser");
    std::int64_t steps = 1000, clips = 2000;
    std::string weights;
    app.add_option("--steps", steps, "of the training")->check(CLI::PositiveNumber);
    app.add_option("--clips", clips, "latents to train on")->check(CLI::PositiveNumber);
    app.add_option("--tokenizer", weights, "a tokenizer's weights; without them its latents are a random projection");
    CLI11_PARSE(app, count, arguments);
    examples::make_writable_for("denoiser.safetensors");

    walt::cpu::context device;
    const walt::moving_fashion data({.size = 48});
    const walt::word_vectors text;
    walt::tokenizer tokenizer(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
    if (!weights.empty()) walt::load_weights(weights, tokenizer);
    else tokenizer.measure_latents(walt::batches(data, {.batch = 8}), {.batches = 4});
    const walt::latent_cache latents(tokenizer, text, data, {.clips = clips, .batch = 8});

    walt::denoiser model(device, small{}, walt::compute<walt::bf16>, walt::seed{2});
    walt::trainer trainer(model, walt::denoising{}, walt::adamw{.learning_rate = 2e-3f},
                          {.rate = {.warmup = 5, .total = steps}});
    double first = 0, last = 0;
    walt::ema average(model);
    if (!trainer.run(latents, walt::steps{steps}, average, walt::save_to{"denoiser_run"},
                     [&](auto& run, const walt::step_result& result) {
                         if (run.step_count() == 1) first = result.loss;
                         last = result.loss;
                     }))
        return walt::exit_status();
    walt::save_weights<walt::bf16>("denoiser.safetensors", average.model());
    fmt::print("loss {:.3f} in the first step, {:.3f} in step {}\n", first, last, trainer.step_count());
    return std::isfinite(last) && (first == 0 || last < first) ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
