// expect: one of the spatial and the spatiotemporal window must divide the other
// values: 4 8 2 16
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr walt::window spatial_window{1, 4, 8}, spatiotemporal_window{5, 2, 16};
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
