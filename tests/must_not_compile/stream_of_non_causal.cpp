// expect: a tokenizer takes a video chunk by chunk only if no frame sees a later one: its config must be causal or per_frame
#include <walt/meta.hpp>
#include <walt/tokenizer/streaming.hpp>

struct both_ways : walt::tokenizer_config {
    static constexpr bool causal = false;
};

int main() {
    walt::meta::context ctx;
    const walt::tokenizer tokens(ctx, both_ways{}, walt::compute<float>);
    walt::encode_stream stream(tokens);
}
