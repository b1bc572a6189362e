// A model card without a model: sizes known when this compiles, costs counted by running the network on no data.
#include <walt/config/presets.hpp>
#include <walt/diffusion/cascade_cost.hpp>

#include <fmt/core.h>

template <class Config> void card(const char* name) {
    const walt::cost one = walt::sampling_cost(Config{}, walt::compute<walt::bf16>);
    fmt::print("{:20} {:8.1f} M parameters  {:8.2f} TFLOP and {:7.1f} GB moved a pass  {:8.1f} MB of activations\n",
               name, static_cast<double>(one.parameters) * 1e-6, one.flops * 1e-12, one.bytes * 1e-9,
               static_cast<double>(one.activations) * 1e-6);
}

int main() try {
    static_assert(walt::parameter_count<walt::transformer<walt::presets::walt_l>> == 313'238'408); // 313 M in the paper
    card<walt::presets::walt_l>("walt_l");
    card<walt::presets::walt_xl>("walt_xl");
    card<walt::presets::imagenet_l>("imagenet_l");
    card<walt::presets::text_to_video_l>("text_to_video_l");
    card<walt::presets::cascade_base>("cascade_base");
    card<walt::presets::cascade_256x448>("cascade_256x448");
    card<walt::presets::cascade_512x896>("cascade_512x896");
    const walt::cascade_cost clip = walt::cost_of(walt::presets::paper_cascade{}, walt::compute<walt::bf16>);
    fmt::print("a clip of 17 x 512 x 896 by the cascade, 50 guided steps a stage: {:.0f} M parameters, {:.0f} TFLOP, "
               "{:.1f} TB moved\n",
               static_cast<double>(clip.whole.parameters) * 1e-6, clip.whole.flops * 1e-12, clip.whole.bytes * 1e-12);
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
