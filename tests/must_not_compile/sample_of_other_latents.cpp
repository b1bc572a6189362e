// expect: a denoiser and the tokenizer of its latents must have latents of as many channels
// values: 8 4
#include <walt/config/demo.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/meta.hpp>
#include <walt/tokenizer/tokenizer.hpp>

struct thin : walt::presets::demo_tokenizer {
    static constexpr int latent = 4;
};

int main() {
    walt::meta::context ctx;
    const walt::denoiser model(ctx, walt::presets::demo{}, walt::compute<float>);
    const walt::tokenizer tokenizer(ctx, thin{}, walt::compute<float>);
    return static_cast<int>(walt::sample(model, tokenizer, walt::unconditional{}).size());
}
