// A denoiser and the tokenizer of its latents, wherever they meet: in sample, a long video, a stage of a cascade.
#pragma once

namespace walt::rules {

template <int Denoiser, int Tokenizer> constexpr bool a_tokenizer_decodes_the_latents() {
    constexpr bool holds = Denoiser == Tokenizer;
    static_assert(holds, "a denoiser and the tokenizer of its latents must have latents of as many channels (channels "
                         "of the one config, latent of the other)");
    return holds;
}

} // namespace walt::rules
