// expect: of a critic must be positive
// values: 0
#include <walt/critic/network.hpp>

struct mistaken : walt::critic_config {
    static constexpr std::array<int, 2> multipliers{2, 0};
};
int main() { return static_cast<int>(walt::parameter_count<walt::critic_network<mistaken>>); }
