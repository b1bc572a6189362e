// Sampling: a text becomes latents by DDIM with guidance, and latents become pixels. The same seed gives the same bits.
// test: --steps 3
#include "program.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/io/frames.hpp>
#include <walt/io/gif.hpp>
#include <walt/text/word_vectors.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/checkpoint.hpp>

#include <fmt/core.h>

struct small : walt::presets::demo { // 06_train_denoiser's
    static constexpr int hidden = 64, heads = 2, depth = 2;
};

int main(int count, char** arguments) try {
    examples::program app("sample a denoiser");
    int steps = 20;
    std::string weights, tokens;
    app.add_option("--steps", steps, "of DDIM")->check(CLI::PositiveNumber);
    app.add_option("--denoiser", weights, "what 06_train_denoiser wrote; without it the model is random");
    app.add_option("--tokenizer", tokens, "the tokenizer's weights that 06_train_denoiser was given");
    CLI11_PARSE(app, count, arguments);
    examples::make_writable_for("sample.gif");

    walt::cpu::context device;
    walt::denoiser model(device, small{}, walt::compute<walt::bf16>, walt::seed{1});
    walt::tokenizer tokenizer(device, walt::presets::demo_tokenizer{}, walt::compute<walt::bf16>, walt::seed{1});
    if (!weights.empty()) walt::load_weights(weights, model);
    if (!tokens.empty()) walt::load_weights(tokens, tokenizer);
    const walt::word_vectors text;
    // [sample]
    const auto sample = [&](std::uint64_t seed) {
        return walt::sample(
            model, tokenizer, text, walt::prompts{"a red sneaker moving left", "a blue bag moving up"},
            {.sampler = walt::ddim{.steps = steps}, .guide = {.scale = 3.0f}, .seed = walt::seed{seed}});
    };
    // [/sample]
    const std::vector<walt::video> first = sample(1), again = sample(1), other = sample(2);
    walt::write_gif("sample.gif", walt::tile(first, 2));
    const bool repeats = first[1].rgb == again[1].rgb, differs = first[1].rgb != other[1].rgb;
    fmt::print("{} videos of {} x {} x {} in sample.gif; same seed, same bits: {}; another seed, another video: {}\n",
               first.size(), first[0].frames, first[0].height, first[0].width, repeats ? "yes" : "no",
               differs ? "yes" : "no");
    return repeats && differs ? 0 : 1;
} catch (const std::exception& problem) {
    return examples::failed(problem);
}
