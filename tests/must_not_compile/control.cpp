// compiles
#include <walt/config/presets.hpp>
#include <walt/transformer/transformer.hpp>

struct right : walt::presets::walt_l {
    static constexpr walt::window spatiotemporal_window{5, 4, 4};
};
int main() { return static_cast<int>(walt::parameter_count<walt::transformer<right>> % 2); }
