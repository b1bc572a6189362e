// Depth to space: where every channel goes, which frame is dropped, and the gradient.
#include "../catch.hpp"

#include <walt/ops/cpu/depth_to_space.hpp>
#include <walt/ops/meta/depth_to_space.hpp>
#include <walt/testing/gradient_check.hpp>

using namespace walt;

namespace {
template <class Context, int Time, int Space = 2> void check(bool first) {
    Context ctx;
    constexpr int C = 3, blocks = Time * Space * Space;
    const int dropped = first ? Time - 1 : 0;
    const video_size in{2, 3, 4, 5}, out{2, 3 * Time - dropped, 4 * Space, 5 * Space};
    const auto x = in.take<float, blocks * C>(ctx.arena), dx = in.take<float, blocks * C>(ctx.arena);
    const auto y = out.take<float, C>(ctx.arena), dy = out.take<float, C>(ctx.arena);
    const auto other = video_size{2, 3, 4, 6}.take<float, C>(ctx.arena);
    testing::fill_normal(x, 1);
    testing::fill_normal(dy, 2);
    ops::depth_to_space<Time, Space>(ctx, x, y, first);
    ops::depth_to_space_grad<Time, Space>(ctx, dy, dx, first);
    int wrong = 0;
    for (int b = 0; b < in.batch; ++b)
        for (int f = 0; f < in.frames; ++f)
            for (int h = 0; h < in.height; ++h)
                for (int w = 0; w < in.width; ++w)
                    for (int t = 0; t < Time; ++t)
                        for (int i = 0; i < Space; ++i)
                            for (int j = 0; j < Space; ++j)
                                for (int c = 0; c < C; ++c) {
                                    const int frame = f * Time + t - dropped,
                                              channel = ((t * Space + i) * Space + j) * C + c;
                                    const float gradient = dx(b, f, h, w, channel);
                                    if (frame < 0) wrong += gradient != 0;
                                    else {
                                        wrong += y(b, frame, Space * h + i, Space * w + j, c) != x(b, f, h, w, channel);
                                        wrong += dy(b, frame, Space * h + i, Space * w + j, c) != gradient;
                                    }
                                }
    CHECK(wrong == 0);
    CHECK_THROWS_WITH((ops::depth_to_space<Time, Space>(ctx, x, other, first)),
                      Catch::Matchers::Contains("2 videos of 3 frames of 4 x 5 become 2 of"));
    if (Time == 2 && Space == 2)
        CHECK_THROWS_WITH((ops::depth_to_space<Time, Space>(ctx, x, y, !first)),
                          Catch::Matchers::Contains(first ? "become 2 of 6 frames of 8 x 10, not 2 of 5"
                                                          : "become 2 of 5 frames of 8 x 10, not 2 of 6"));
}
} // namespace

TEST_CASE("depth to space moves every channel to its place", "[ops][depth_to_space]") {
    const bool first = GENERATE(true, false); // chunk of its video
    check<reference::context, 1>(first);
    check<reference::context, 2>(first);
    check<cpu::context, 1>(first);
    check<cpu::context, 2>(first);
    check<reference::context, 1, 1>(first);
    check<reference::context, 2, 1>(first);
    check<cpu::context, 2, 1>(first);
}
