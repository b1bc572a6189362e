// expect: a tokenizer takes a video chunk by chunk only if no frame sees a later one: its config must be causal or per_frame
#include <walt/tokenizer/memory_plan.hpp>

struct both_ways : walt::tokenizer_config {
    static constexpr bool causal = false;
};

int main() { walt::memory_plan(both_ways{}, walt::compute<float>, {1, 1, 64, 64}); }
