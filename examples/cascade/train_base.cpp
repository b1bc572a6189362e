// The first stage: texts to 17 x 24 x 24.
#include "train_denoiser.hpp"

template struct walt::denoiser<cascade::device, cascade::base_config, float>;

namespace cascade {

bool train_base(const training_options& options) {
    return train_denoiser<base>(options, "base", options.base_steps, [&](const tokenizer& tokens) {
        return walt::latent_cache(tokens, text_encoder(), walt::halved(walt::halved(full_size())),
                                  {.clips = options.clips, .batch = 16});
    });
}

} // namespace cascade
