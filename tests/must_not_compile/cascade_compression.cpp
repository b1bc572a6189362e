// expect: must compress space and time alike
// values: 4 8
#include <walt/config/cascade.hpp>

struct small : walt::denoiser_config {
    static constexpr int text_dim = 8, text_tokens = 4;
};
struct large : small {
    static constexpr int height = 32, width = 32;
    static constexpr bool super_resolution = true;
};
struct shallow_tokens : walt::tokenizer_config {
    static constexpr std::array<int, 3> multipliers{1, 2, 4};
    static constexpr std::array<int, 2> time_strides{2, 2};
};
using first = walt::stage_config<small, walt::tokenizer_config>;
using second = walt::stage_config<large, shallow_tokens>;
int main() { return walt::cascade_config<first, second>::valid ? 0 : 1; }
