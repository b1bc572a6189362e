// expect: must be positive
// values: -3
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr int depth = -3;
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
