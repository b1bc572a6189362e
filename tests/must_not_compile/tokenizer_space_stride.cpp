// expect: a tokenizer's space stride must be 1 or 2 (a larger factor is several levels)
// values: 3
#include <walt/tokenizer/network.hpp>

struct thirds : walt::tokenizer_config {
    static constexpr std::array<int, 3> space_strides{1, 3, 2};
};

int main() { return static_cast<int>(walt::parameter_count<walt::tokenizer_network<thirds>>); }
