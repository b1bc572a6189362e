// Window attention of several tiles of keys, whose last is not full: compiled once with walt's headers, and once with
// every planted bug.
#include "../window_samples.cuh"

using several_tiles =
    walt::attention_shape<walt::token_order<6, 6, 6, 6, 6, 6>, 5, 5, 6, 6, 1, 32, true, walt::image_rule::identity>;

TEST_CASE("cuda: window attention of several tiles agrees with the reference", "[cuda][window_attention]") {
    window_attention_agrees<several_tiles, walt::bf16>(2e-2);
}
