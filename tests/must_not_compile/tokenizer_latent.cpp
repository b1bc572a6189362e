// expect: channels, multipliers, blocks, latent, in_channels and norm_groups of a tokenizer must be positive
// values: 0
#include <walt/tokenizer/network.hpp>

struct mistaken : walt::presets::walt_tokenizer {
    static constexpr int latent = 0;
};
int main() { return static_cast<int>(walt::parameter_count<walt::tokenizer_network<mistaken>>); }
