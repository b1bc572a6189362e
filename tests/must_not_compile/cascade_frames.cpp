// expect: all stages of a cascade must have latents of as many frames
// values: 3 5
#include <walt/config/cascade.hpp>

struct small : walt::denoiser_config {
    static constexpr int text_dim = 8, text_tokens = 4;
};
struct large : small {
    static constexpr int height = 32, width = 32;
    static constexpr bool super_resolution = true;
};
struct brief : large {
    static constexpr int frames = 3;
    static constexpr walt::window spatiotemporal_window{3, 8, 8};
};
using first = walt::stage_config<small, walt::tokenizer_config>;
using second = walt::stage_config<brief, walt::tokenizer_config>;
int main() { return walt::cascade_config<first, second>::valid ? 0 : 1; }
