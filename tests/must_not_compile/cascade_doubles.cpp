// expect: twice as high and twice as wide as those of the stage before
// values: 32 48
#include <walt/config/cascade.hpp>

struct small : walt::denoiser_config {
    static constexpr int text_dim = 8, text_tokens = 4;
};
struct large : small {
    static constexpr int height = 32, width = 32;
    static constexpr bool super_resolution = true;
};
struct wide : large {
    static constexpr int width = 48;
};
using first = walt::stage_config<small, walt::tokenizer_config>;
using second = walt::stage_config<wide, walt::tokenizer_config>;
int main() { return walt::cascade_config<first, second>::valid ? 0 : 1; }
