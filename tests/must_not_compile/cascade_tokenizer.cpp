// expect: a denoiser and the tokenizer of its latents must have latents of as many channels
// values: 8 16
#include <walt/config/cascade.hpp>

struct small : walt::denoiser_config {
    static constexpr int text_dim = 8, text_tokens = 4;
};
struct large : small {
    static constexpr int height = 32, width = 32;
    static constexpr bool super_resolution = true;
};
struct thick_tokens : walt::tokenizer_config {
    static constexpr int latent = 16;
};
using first = walt::stage_config<small, walt::tokenizer_config>;
using second = walt::stage_config<large, thick_tokens>;
int main() { return walt::cascade_config<first, second>::valid ? 0 : 1; }
