// expect: a denoiser takes a denoiser's config, which derives from walt::denoiser_config; this one has the base of another network
#include <walt/config/demo.hpp>
#include <walt/meta.hpp>
#include <walt/transformer/denoiser.hpp>

int main() {
    walt::meta::context ctx;
    const walt::denoiser model(ctx, walt::presets::demo_tokenizer{}, walt::compute<float>);
    return static_cast<int>(model.table().size());
}
