// expect: a config must derive from its network's base, which has the fields that it does not say: walt::denoiser_config
#include <walt/critic/critic.hpp>
#include <walt/meta.hpp>

struct mistaken {
    static constexpr int channels = 16;
};
int main() {
    walt::meta::context ctx;
    const walt::critic model(ctx, mistaken{}, walt::compute<float>);
    return static_cast<int>(model.logits({}).size());
}
