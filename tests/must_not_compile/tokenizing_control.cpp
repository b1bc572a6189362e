// compiles
#include <walt/critic/adversary.hpp>
#include <walt/meta.hpp>
#include <walt/tokenizer/tokenizing.hpp>

struct distance {
    void operator()(auto, auto, auto, auto) const {}
};

int main() {
    walt::meta::context ctx;
    walt::tokenizer tokens(ctx, walt::tokenizer_config{}, walt::compute<float>);
    walt::critic critic(ctx, walt::critic_config{}, walt::compute<float>);
    walt::adversary opponent(critic);
    const distance apart;
    walt::tokenizing both(tokens, {}, opponent, apart);
    walt::tokenizing against(tokens, {}, opponent);
    walt::tokenizing alone(tokens, {}, walt::none{}, apart);
    return both.terms().gan == against.terms().gan && alone.terms().gan == 0 ? 0 : 1;
}
