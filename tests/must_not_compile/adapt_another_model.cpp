// expect: gives the weights of a denoiser of To; this model has another config
#include <walt/config/presets.hpp>
#include <walt/meta.hpp>
#include <walt/transformer/adapt.hpp>

struct wide : walt::presets::walt_l {
    static constexpr int width = 32;
};
int main() {
    walt::meta::context ctx;
    const walt::denoiser old(ctx, walt::presets::walt_l{}, walt::compute<float>);
    walt::denoiser mistaken(ctx, walt::presets::walt_l{}, walt::compute<float>);
    walt::adapt<walt::presets::walt_l, wide>(old).fill(mistaken);
}
