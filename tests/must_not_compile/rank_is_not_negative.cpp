// expect: adaln_rank must not be negative
// values: -1
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr int adaln_rank = -1;
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
