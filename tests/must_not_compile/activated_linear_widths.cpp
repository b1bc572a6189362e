// expect: two extents of this op's operands must be equal and are not
// values: 4 3
#include <walt/ops/meta/linear.hpp>
#include <walt/ops/meta/pointwise.hpp>

// The front checks before a device that does both at once could skip it.
int main() {
    walt::meta::context ctx;
    const walt::view<float, walt::dynamic, 4> x;
    const walt::view<float, 8, 3> w;
    const walt::view<float, 8> b;
    const walt::view<float, walt::dynamic, 8> y;
    walt::ops::linear_activate<walt::activation::gelu>(ctx, x, w, b, y, y);
}
