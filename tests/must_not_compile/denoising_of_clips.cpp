// expect: a source gives the batches that the objective takes: walt::latents (of a walt::latent_cache, or of a tokenizer's encode) to walt::denoising
#include <walt/config/demo.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/meta.hpp>
#include <walt/train/trainer.hpp>
#include <walt/transformer/denoiser.hpp>

int main() {
    walt::meta::context ctx;
    walt::denoiser model(ctx, walt::presets::demo{}, walt::compute<float>);
    walt::trainer trainer(model, walt::denoising{});
    return trainer.run([](std::int64_t) { return walt::clips{}; }, walt::steps{1}) ? 0 : 1;
}
