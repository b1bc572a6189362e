// A tokenizer small enough for loops in double: 3 x 4 x 4 pixels to 2 x 2 x 2 latents.
#pragma once

#include <walt/tokenizer/config.hpp>

namespace walt::testing {

struct tiny_tokenizer : tokenizer_config {
    static constexpr int channels = 4, blocks = 1, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};

} // namespace walt::testing
