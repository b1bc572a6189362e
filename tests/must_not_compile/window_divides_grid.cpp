// expect: a window must divide the token grid
// values: 16 7
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr walt::window spatiotemporal_window{5, 8, 7};
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
