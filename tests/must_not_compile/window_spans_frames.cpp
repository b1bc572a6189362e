// expect: a spatiotemporal window spans all frames
// values: 3 5
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr walt::window spatiotemporal_window{3, 8, 8};
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
