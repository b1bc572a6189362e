// expect: a config must derive from its network's base, which has the fields that it does not say: walt::denoiser_config
#include <walt/meta.hpp>
#include <walt/transformer/denoiser.hpp>

struct mistaken {
    static constexpr int hidden = 256, depth = 8;
};
int main() {
    walt::meta::context ctx;
    const walt::denoiser model(ctx, mistaken{}, walt::compute<float>);
    return static_cast<int>(model.table().size());
}
