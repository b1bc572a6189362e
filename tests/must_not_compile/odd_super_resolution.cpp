// expect: super-resolution doubles a latent
// values: 17
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct mistaken : walt::presets::walt_l {
    static constexpr bool super_resolution = true;
    static constexpr int height = 17;
    static constexpr walt::window spatiotemporal_window{5, 17, 8};
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<mistaken>>); }
