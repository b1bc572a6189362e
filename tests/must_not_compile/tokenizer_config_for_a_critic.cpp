// expect: a critic takes a critic's config, which derives from walt::critic_config; this one has the base of another network
#include <walt/config/demo.hpp>
#include <walt/critic/critic.hpp>
#include <walt/meta.hpp>

int main() {
    walt::meta::context ctx;
    const walt::critic model(ctx, walt::presets::demo_tokenizer{}, walt::compute<float>);
    return static_cast<int>(model.logits({}).size());
}
