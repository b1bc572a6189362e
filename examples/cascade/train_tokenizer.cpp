// The cascade's tokenizer: one for all stages, so it sees frames of every size, whole ones and parts, and every length.
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

template struct walt::tokenizer<cascade::device, cascade::tokens_config, float>;

namespace cascade {

namespace {

struct portion {
    int halvings, frames, count, part; ///< parts of so many pixels of so many frames of clips, this often halved
};
/// Of about equal work. A tokenizer that has seen only short clips decodes long ones badly, and one that has seen only
/// parts whole ones: what it normalises by is of whole frames.
constexpr portion portions[] = {{0, 5, 1, 96}, {1, 17, 1, 48}, {0, 9, 2, 48}, {2, 17, 4, 24},
                                {0, 1, 4, 96}, {0, 17, 1, 48}, {1, 17, 4, 24}};

/// Of each clip the square of so many pixels at a place that is drawn.
walt::clips parts_of(const walt::clips& whole, int size, const walt::philox& places) {
    walt::clips made{.shape = whole.shape};
    made.shape.height = made.shape.width = size;
    const auto room = static_cast<std::uint32_t>(whole.shape.height - size + 1);
    for (std::int64_t b = 0; b < whole.shape.count; ++b) {
        const auto clip = static_cast<std::uint64_t>(b);
        const std::int64_t top = places.below(2 * clip, room), left = places.below(2 * clip + 1, room);
        for (std::int64_t f = b * whole.shape.frames; f < (b + 1) * whole.shape.frames; ++f)
            for (std::int64_t y = top; y < top + size; ++y) {
                const auto row = whole.pixels.begin() +
                                 ((f * whole.shape.height + y) * whole.shape.width + left) * whole.shape.channels;
                made.pixels.insert(made.pixels.end(), row, row + size * whole.shape.channels);
            }
    }
    return made;
}

walt::clips clips_to_learn_from(const walt::moving_fashion& data, std::int64_t n) {
    const portion& of = portions[static_cast<std::size_t>(n) % std::size(portions)];
    const walt::philox drawn{2, static_cast<std::uint64_t>(n)};
    const walt::clips whole = walt::read_clips(data, walt::seed{1}, n * 16, of.count);
    walt::clips batch = whole.frames(drawn.below(1'000, static_cast<std::uint32_t>(frames - of.frames + 1)), of.frames);
    for (int i = 0; i < of.halvings; ++i) batch = walt::halved(batch);
    return parts_of(batch, of.part, drawn);
}

} // namespace

bool train_tokenizer(const training_options& options) {
    if (std::filesystem::exists(options.run / "tokenizer.safetensors")) return true;
    device cpu;
    const walt::moving_fashion data({.size = side, .frames = frames, .weave = weave});
    tokenizer tokens(cpu, {}, walt::compute<float>, walt::seed{1});
    walt::trainer trainer(tokens, walt::reconstruction{}, walt::adamw{.learning_rate = 2e-3f},
                          {.rate = {.warmup = 100, .total = options.tokenizer_steps}});
    walt::ema average(tokens);
    fmt::print("tokenizer: {} parameters, {} steps\n", walt::parameter_count<tokenizer::module_type>,
               options.tokenizer_steps);
    const bool whole = trainer.run(
        [&](std::int64_t n) { return clips_to_learn_from(data, n); }, walt::steps{options.tokenizer_steps}, average,
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
