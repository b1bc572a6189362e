// expect: a tokenizer can be inflated if no frame of it sees a later one: it must be causal or per_frame
#include <walt/meta.hpp>
#include <walt/tokenizer/inflation.hpp>
#include <walt/tokenizer/tokenizer.hpp>

struct both_ways : walt::tokenizer_config {
    static constexpr bool causal = false;
};

int main() {
    walt::meta::context ctx;
    const walt::tokenizer from(ctx, both_ways{}, walt::compute<float>);
    walt::tokenizer to(ctx, walt::tokenizer_config{}, walt::compute<float>);
    walt::inflate(from, to);
}
