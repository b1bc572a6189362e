// expect: an objective trains models of its own network: walt::denoising a walt::denoiser, walt::reconstruction and walt::tokenizing a walt::tokenizer
#include <walt/config/demo.hpp>
#include <walt/diffusion/denoising.hpp>
#include <walt/meta.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/trainer.hpp>

int main() {
    walt::meta::context ctx;
    walt::tokenizer model(ctx, walt::presets::demo_tokenizer{}, walt::compute<float>);
    walt::trainer trainer(model, walt::denoising{});
    return trainer.run([](std::int64_t) { return walt::latents{}; }, walt::steps{1}) ? 0 : 1;
}
