// expect: must be positive
// values: 0
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr int height = 0;
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
