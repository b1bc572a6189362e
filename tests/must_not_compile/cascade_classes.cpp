// expect: must be told the same (classes and numbers)
// values: 10 0
#include <walt/config/cascade.hpp>

struct small : walt::denoiser_config {
    static constexpr int text_dim = 8, text_tokens = 4;
};
struct large : small {
    static constexpr int height = 32, width = 32;
    static constexpr bool super_resolution = true;
};
struct classed : large {
    static constexpr int classes = 10;
};
using first = walt::stage_config<small, walt::tokenizer_config>;
using second = walt::stage_config<classed, walt::tokenizer_config>;
int main() { return walt::cascade_config<first, second>::valid ? 0 : 1; }
