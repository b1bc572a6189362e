// Depth to space: where every channel goes, which frame is dropped, and the gradient.
#include "../catch.hpp"

#include <walt/ops/cpu/depth_to_space.hpp>
#include <walt/ops/meta/depth_to_space.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;

namespace {
template <class Context, int Time> void check() {
    Context ctx;
    constexpr int C = 3;
    const video_size in{2, 3, 4, 5}, out{2, 2 * Time + 1, 8, 10};
    const auto x = in.take<float, Time * 4 * C>(ctx.arena), dx = in.take<float, Time * 4 * C>(ctx.arena);
    const auto y = out.take<float, C>(ctx.arena), dy = out.take<float, C>(ctx.arena);
    testing::fill_normal(x, 1);
    testing::fill_normal(dy, 2);
    ops::depth_to_space<Time>(ctx, x, y);
    ops::depth_to_space_grad<Time>(ctx, dy, dx);
    int wrong = 0;
    for (int b = 0; b < in.batch; ++b)
        for (int f = 0; f < in.frames; ++f)
            for (int h = 0; h < in.height; ++h)
                for (int w = 0; w < in.width; ++w)
                    for (int t = 0; t < Time; ++t)
                        for (int i = 0; i < 2; ++i)
                            for (int j = 0; j < 2; ++j)
                                for (int c = 0; c < C; ++c) {
                                    const int frame = f * Time + t - (Time - 1),
                                              channel = ((t * 2 + i) * 2 + j) * C + c;
                                    const float gradient = dx(b, f, h, w, channel);
                                    if (frame < 0) wrong += gradient != 0;
                                    else {
                                        wrong += y(b, frame, 2 * h + i, 2 * w + j, c) != x(b, f, h, w, channel);
                                        wrong += dy(b, frame, 2 * h + i, 2 * w + j, c) != gradient;
                                    }
                                }
    CHECK(wrong == 0);
    CHECK_THROWS_WITH(ops::depth_to_space<Time>(ctx, x, out.after({1, 2}).template take<float, C>(ctx.arena)),
                      Catch::Matchers::Contains("3 frames of 4 x 5 become"));
}
} // namespace

TEST_CASE("depth to space moves every channel to its place", "[ops][depth_to_space]") {
    check<reference::context, 1>();
    check<reference::context, 2>();
    check<cpu::context, 1>();
    check<cpu::context, 2>();
}
