// expect: a tokenizer that works per frame has no strides in time (time_strides must be 1)
// values: 2
#include <walt/tokenizer/network.hpp>

struct wrong : walt::tokenizer_config {
    static constexpr bool per_frame = true;
};

int main() { return static_cast<int>(walt::parameter_count<walt::tokenizer_network<wrong>>); }
