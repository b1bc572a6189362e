// expect: add_inputs gives a denoiser self_conditioning or frame_prediction; it takes neither away
#include <walt/config/demo.hpp>
#include <walt/meta.hpp>
#include <walt/transformer/denoiser.hpp>
#include <walt/transformer/more_inputs.hpp>

int main() {
    walt::meta::context ctx;
    const walt::denoiser from(ctx, walt::presets::demo_frames{}, walt::compute<float>);
    walt::denoiser to(ctx, walt::presets::demo{}, walt::compute<float>);
    walt::add_inputs(from, to);
}
