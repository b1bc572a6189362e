// A model card without a model: sizes known when this compiles, costs counted by running the network on no data.
#include <walt/config/presets.hpp>
#include <walt/meta.hpp>
#include <walt/transformer/denoiser.hpp>

#include <cstdio>

template <class Config> void card(const char* name) {
    walt::meta::context counting;
    const walt::denoiser model(counting, Config{}, walt::compute<walt::bf16>);
    using latent = walt::view<float, walt::dynamic, Config::frames, Config::height, Config::width, Config::channels>;
    walt::denoiser_input<float, Config> one;
    one.noisy = latent(nullptr, 1).read();
    one.is_image = walt::view<const std::uint8_t, walt::dynamic>(nullptr, 1);
    one.step = one.label = one.text_row = walt::view<const std::int32_t, walt::dynamic>(nullptr, Config::frames);
    one.text = walt::view<const float, walt::dynamic, Config::text_dim>(nullptr, Config::text_tokens);
    one.text_valid = walt::view<const std::uint8_t, walt::dynamic>(nullptr, Config::text_tokens);
    one.low_resolution = decltype(one.low_resolution)(nullptr, 1);
    one.low_resolution_step = walt::view<const std::int32_t, walt::dynamic>(nullptr, 1);
    model.predict(one, latent(nullptr, 1));
    std::printf("%-20s %8.1f M parameters  %8.2f TFLOP a pass  %8.1f MB of activations\n", name,
                static_cast<double>(walt::parameter_count<walt::transformer<Config>>) * 1e-6, counting.flops * 1e-12,
                static_cast<double>(counting.arena.peak()) * 1e-6);
}

int main() {
    static_assert(walt::parameter_count<walt::transformer<walt::presets::walt_l>> == 313'238'408); // 313 M in the paper
    card<walt::presets::walt_l>("walt_l");
    card<walt::presets::walt_xl>("walt_xl");
    card<walt::presets::imagenet_l>("imagenet_l");
    card<walt::presets::text_to_video_l>("text_to_video_l");
    card<walt::presets::cascade_base>("cascade_base");
    card<walt::presets::cascade_256x448>("cascade_256x448");
    card<walt::presets::cascade_512x896>("cascade_512x896");
}
