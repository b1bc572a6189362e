// expect: every field of a config must be static constexpr, and this config has one that is not
#include <walt/config/demo.hpp>
#include <walt/meta.hpp>
#include <walt/transformer/denoiser.hpp>

struct mistaken : walt::presets::demo {
    int hidden = 128;
};
int main() {
    walt::meta::context ctx;
    const walt::denoiser model(ctx, mistaken{}, walt::compute<float>);
    return static_cast<int>(model.table().size());
}
