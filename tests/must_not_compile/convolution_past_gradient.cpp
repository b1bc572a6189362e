// expect: a convolution with frames of the past is for inference: it has no gradient, so pass no past
#include <walt/ops/reference/conv3d.hpp>

int main() {
    walt::reference::context ctx;
    const walt::video_size size{1, 3, 4, 4};
    const auto video = size.take<float, 2>(ctx.arena);
    const auto w = ctx.arena.take<float, 2, 3, 3, 3, 2>();
    walt::ops::conv3d_grad_input(ctx, walt::conv_geometry::causal({3, 3, 3}), video, w, video, video);
}
