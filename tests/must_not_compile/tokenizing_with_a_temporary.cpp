// expect: deleted
#include <walt/meta.hpp>
#include <walt/tokenizer/tokenizing.hpp>

struct distance {
    void operator()(auto, auto, auto, auto) const {}
};

int main() {
    walt::meta::context ctx;
    walt::tokenizer tokens(ctx, walt::tokenizer_config{}, walt::compute<float>);
    walt::tokenizing goal(tokens, {}, walt::none{}, distance{});
}
