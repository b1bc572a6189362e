// expect: the number of groups of a group norm must divide its channels
// values: 12 5
#include <walt/ops/reference/group_norm.hpp>

int main() {
    walt::reference::context ctx;
    const walt::video_view<float, 12> x;
    const walt::view<float, walt::dynamic, 12> scale;
    walt::ops::group_norm<walt::activation::silu>(ctx, x, scale, scale, walt::frame_rows{}, x,
                                                  walt::view<float, walt::dynamic, 5, 2>{});
}
