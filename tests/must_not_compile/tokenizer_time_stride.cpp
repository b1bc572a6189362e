// expect: a tokenizer's time stride must be 1 or 2
// values: 4
#include <walt/tokenizer/network.hpp>

struct mistaken : walt::presets::walt_tokenizer {
    static constexpr std::array<int, 3> time_strides{1, 4, 1};
};
int main() { return static_cast<int>(walt::parameter_count<walt::tokenizer_network<mistaken>>); }
