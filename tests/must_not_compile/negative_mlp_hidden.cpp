// expect: mlp_hidden must not be negative
// values: -512
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr int mlp_hidden = -512;
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
