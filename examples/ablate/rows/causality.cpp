#include "../rows.hpp"

namespace ablate {
namespace {

struct sees_future : base_tokens {
    static constexpr bool causal = false;
};
struct by_frame : base_tokens {
    static constexpr bool per_frame = true;
    static constexpr std::array<int, 2> time_strides{1, 1};
};
struct of_frames : base { // every frame is a latent frame
    static constexpr int frames = 17;
};

const bool causality =
    list({8,
          "causality",
          "Tokenizer",
          {the_base("causal"),
           trained<base, sees_future>("non-causal", 0, {.trained = "non_causal", .tokenizer = "non_causal"}),
           trained<of_frames, by_frame>("per frame", 0, {.trained = "per_frame", .tokenizer = "per_frame"})}});

} // namespace
} // namespace ablate
