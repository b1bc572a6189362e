// expect: a spatial window spans one frame
// values: 2
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr walt::window spatial_window{2, 16, 16};
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
