// expect: every stage of a cascade enlarges the latents of the stage before
#include <walt/config/cascade.hpp>

struct small : walt::denoiser_config {
    static constexpr int text_dim = 8, text_tokens = 4;
};
struct large : small {
    static constexpr int height = 32, width = 32;
    static constexpr bool super_resolution = true;
};
struct plain : large {
    static constexpr bool super_resolution = false;
};
using first = walt::stage_config<small, walt::tokenizer_config>;
using second = walt::stage_config<plain, walt::tokenizer_config>;
int main() { return walt::cascade_config<first, second>::valid ? 0 : 1; }
