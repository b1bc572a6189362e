// expect: the patch must divide the side of the latent
// values: 16 0
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr int patch = 0;
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
