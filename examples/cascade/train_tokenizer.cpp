// The cascade's tokenizer: one for all stages, so it sees clips of every size and length.
#include "cascade.hpp"

#include <walt/data/halved.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/data/read_clips.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/plot_every.hpp>
#include <walt/train/save_to.hpp>
#include <walt/train/trainer.hpp>

#include <fmt/core.h>

template struct walt::tokenizer<cascade::device, cascade::tokens_config, walt::bf16>;

namespace cascade {

namespace {

struct portion {
    int halvings, frames, count; ///< clips of so many frames, this often halved
};
/// Of about equal work; a tokenizer that has seen only short clips decodes long ones badly.
constexpr portion portions[] = {{0, 17, 1}, {1, 17, 4}, {0, 5, 3}, {2, 17, 12}, {0, 1, 16}, {1, 9, 8}, {0, 9, 2}};

walt::clips clips_of_every_size(const walt::moving_fashion& data, std::int64_t n) {
    const portion& of = portions[static_cast<std::size_t>(n) % std::size(portions)];
    const walt::clips whole = walt::read_clips(data, walt::seed{1}, n * 16, of.count);
    const auto first =
        walt::philox{2, static_cast<std::uint64_t>(n)}.below(0, static_cast<std::uint32_t>(frames - of.frames + 1));
    walt::clips batch = whole.frames(first, of.frames);
    for (int i = 0; i < of.halvings; ++i) batch = walt::halved(batch);
    return batch;
}

} // namespace

bool train_tokenizer(const training_options& options) {
    if (std::filesystem::exists(options.run / "tokenizer.safetensors")) return true;
    device cpu;
    const walt::moving_fashion data({.size = side, .frames = frames, .weave = weave});
    tokenizer tokens(cpu, {}, walt::compute<walt::bf16>, walt::seed{1});
    walt::trainer trainer(tokens, walt::reconstruction{}, walt::adamw{.learning_rate = 2e-3f},
                          {.rate = {.warmup = 100, .total = options.tokenizer_steps}});
    walt::ema average(tokens);
    fmt::print("tokenizer: {} parameters, {} steps\n", walt::parameter_count<tokenizer::module_type>,
               options.tokenizer_steps);
    const bool whole = trainer.run(
        [&](std::int64_t n) { return clips_of_every_size(data, n); }, walt::steps{options.tokenizer_steps}, average,
        walt::save_to{options.run / "tokenizer", 250}, walt::plot_every{500, options.run / "tokenizer", "tokenizer"});
    if (!whole) return false;
    average.model().measure_latents(
        [&](std::int64_t n) {
            walt::clips batch = walt::read_clips(data, walt::seed{77}, 8 * n, 8);
            for (std::int64_t i = n % 3; i > 0; --i) batch = walt::halved(batch);
            return batch;
        },
        {.batches = 12});
    walt::save_weights<walt::bf16>(options.run / "tokenizer.safetensors", average.model());
    return true;
}

} // namespace cascade
