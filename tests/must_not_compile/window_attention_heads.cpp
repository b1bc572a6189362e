// expect: two extents of this op's operands must be equal and are not
// values: 3 2
#include <walt/ops/meta/window_attention.hpp>

int main() {
    using order = walt::token_order<2, 2, 2, 2, 2, 2>;
    using shape = walt::attention_shape<order, 1, 1, 2, 2, 2, 4, false, walt::image_rule::identity>;
    walt::meta::context ctx;
    const walt::view<float, walt::dynamic, 24> qkv;
    const walt::view<float, 3, shape::bias_size> bias_of_three_heads;
    const walt::view<std::uint8_t, walt::dynamic> is_image;
    const walt::view<float, walt::dynamic, 8> out;
    const walt::view<float, walt::dynamic, 2> lse;
    walt::ops::window_attention<shape>(ctx, qkv, walt::none{}, walt::none{}, bias_of_three_heads, is_image, out, lse);
}
