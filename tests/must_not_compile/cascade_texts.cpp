// expect: must read texts of one encoder
// values: 16 4 8
#include <walt/config/cascade.hpp>

struct small : walt::denoiser_config {
    static constexpr int text_dim = 8, text_tokens = 4;
};
struct large : small {
    static constexpr int height = 32, width = 32;
    static constexpr bool super_resolution = true;
};
struct other : large {
    static constexpr int text_dim = 16;
};
using first = walt::stage_config<small, walt::tokenizer_config>;
using second = walt::stage_config<other, walt::tokenizer_config>;
int main() { return walt::cascade_config<first, second>::valid ? 0 : 1; }
