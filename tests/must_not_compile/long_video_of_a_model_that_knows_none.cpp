// expect: a model is given frames if its config has frame_prediction = true
#include <walt/config/demo.hpp>
#include <walt/diffusion/long_video.hpp>
#include <walt/meta.hpp>
#include <walt/tokenizer/tokenizer.hpp>

int main() {
    walt::meta::context ctx;
    const walt::denoiser model(ctx, walt::presets::demo{}, walt::compute<float>);
    const walt::tokenizer tokenizer(ctx, walt::presets::demo_tokenizer{}, walt::compute<float>);
    walt::long_video video(model, tokenizer);
}
