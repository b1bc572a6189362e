// Sampling: a text becomes latents by DDIM with guidance. The same seed gives the same bits, another seed another video.
#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/text/word_vectors.hpp>

#include <cstdio>

struct small : walt::presets::demo {
    static constexpr int hidden = 64, heads = 2, depth = 2;
};

int main() {
    walt::cpu::context device;
    const walt::denoiser model(device, small{}, walt::compute<walt::bf16>, walt::seed{1});
    const walt::word_vectors text;
    const auto sample = [&](std::uint64_t seed) {
        return walt::sample_latents(model, text, walt::prompts{"a red sneaker moving left", "a blue bag moving up"},
                                    {.steps = {.steps = 5}, .guide = {.scale = 3.0f}, .seed = walt::seed{seed}});
    };
    const std::vector<float> first = sample(1), again = sample(1), other = sample(2);
    std::printf("%zu numbers: 2 videos of 5 x 6 x 6 latents of 8 channels; same seed same bits: %s\n", first.size(), first == again ? "yes" : "no");
    return first.size() == 2 * 5 * 6 * 6 * 8 && first == again && first != other ? 0 : 1;
}
