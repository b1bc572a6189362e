// expect: a tokenizer takes a tokenizer's config, which derives from walt::tokenizer_config; this one has the base of another network
#include <walt/config/demo.hpp>
#include <walt/meta.hpp>
#include <walt/tokenizer/tokenizer.hpp>

int main() {
    walt::meta::context ctx;
    const walt::tokenizer model(ctx, walt::presets::demo{}, walt::compute<float>);
    return model.measured() ? 1 : 0;
}
