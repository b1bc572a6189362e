// expect: text conditioning needs both text_dim and text_tokens
// values: 2048 0
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr int text_dim = 2048;
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
