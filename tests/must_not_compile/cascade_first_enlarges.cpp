// expect: the first stage of a cascade has no stage before it
#include <walt/config/cascade.hpp>

struct small : walt::denoiser_config {
    static constexpr int text_dim = 8, text_tokens = 4;
};
struct large : small {
    static constexpr int height = 32, width = 32;
    static constexpr bool super_resolution = true;
};
struct larger : large {
    static constexpr int height = 64, width = 64;
};
using first = walt::stage_config<large, walt::tokenizer_config>;
using second = walt::stage_config<larger, walt::tokenizer_config>;
int main() { return walt::cascade_config<first, second>::valid ? 0 : 1; }
