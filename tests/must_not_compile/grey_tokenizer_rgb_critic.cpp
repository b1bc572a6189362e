// expect: a tokenizer and its critic must take pixels of as many channels (in_channels of their configs)
// values: 1 3
#include <walt/critic/adversary.hpp>
#include <walt/meta.hpp>
#include <walt/tokenizer/tokenizing.hpp>

struct grey : walt::tokenizer_config {
    static constexpr int in_channels = 1;
};

int main() {
    walt::meta::context ctx;
    walt::tokenizer tokens(ctx, grey{}, walt::compute<float>);
    walt::critic critic(ctx, walt::critic_config{}, walt::compute<float>);
    walt::adversary opponent(critic);
    walt::tokenizing goal(tokens, {}, opponent);
}
