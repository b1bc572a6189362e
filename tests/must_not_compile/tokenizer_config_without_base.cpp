// expect: a config must derive from its network's base, which has the fields that it does not say: walt::denoiser_config
#include <walt/meta.hpp>
#include <walt/tokenizer/tokenizer.hpp>

struct mistaken {
    static constexpr int channels = 16;
};
int main() {
    walt::meta::context ctx;
    const walt::tokenizer model(ctx, mistaken{}, walt::compute<float>);
    return model.measured() ? 1 : 0;
}
