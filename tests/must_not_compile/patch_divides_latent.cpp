// expect: the patch must divide the side of the latent
// values: 16 3
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr int patch = 3;
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
