// expect: the number of heads must divide the hidden width
// values: 1024 0
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr int heads = 0;
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
