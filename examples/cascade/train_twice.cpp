// The second stage: texts and latents of 17 x 24 x 24 to 17 x 48 x 48.
#include "train_denoiser.hpp"

#include <walt/data/latent_pairs.hpp>

template struct walt::denoiser<cascade::device, cascade::twice_config, float>;

namespace cascade {

bool train_twice(const training_options& options) {
    return train_denoiser<twice>(options, "twice", options.twice_steps, [&](const tokenizer& tokens) {
        const walt::latent_pairs pairs(tokens, tokens);
        return walt::latent_cache(pairs, text_encoder(), walt::halved(full_size()),
                                  {.clips = options.clips / 2, .batch = 8});
    });
}

} // namespace cascade
