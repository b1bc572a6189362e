// expect: a tokenizer of n levels (multipliers) has n - 1 downsamplings
// values: 4 2
#include <walt/tokenizer/network.hpp>

struct mistaken : walt::presets::walt_tokenizer {
    static constexpr std::array<int, 2> time_strides{1, 2};
};
int main() { return static_cast<int>(walt::parameter_count<walt::tokenizer_network<mistaken>>); }
