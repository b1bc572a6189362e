// The third stage: texts and latents of 17 x 48 x 48 to 17 x 96 x 96.
#include "train_denoiser.hpp"

#include <walt/data/latent_pairs.hpp>

template struct walt::denoiser<cascade::device, cascade::four_times_config, float>;

namespace cascade {

bool train_four_times(const training_options& options) {
    return train_denoiser<four_times>(options, "four_times", options.four_times_steps, [&](const tokenizer& tokens) {
        const walt::latent_pairs pairs(tokens, tokens);
        return walt::latent_cache(pairs, text_encoder(), full_size(), {.clips = options.clips / 4, .batch = 4});
    });
}

} // namespace cascade
