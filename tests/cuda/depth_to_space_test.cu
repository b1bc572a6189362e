// Depth to space on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/depth_to_space.cuh>
#include <walt/ops/reference/depth_to_space.hpp>

namespace tests {
using namespace walt;

namespace {

template <int Time, int C, int Space = 2> struct sizes {
    template <class T> struct operands {
        static constexpr int deep = Time * Space * Space * C;
        using A = accumulate_t<T>;
        arena memory{allocate_host};
        video_size size, wide;
        video_view<A, deep> x = normals(size.take<A, deep>(memory), 1);
        video_view<T, deep> dx = (size.take<T, deep>(memory));
        video_view<T, C> y = (wide.take<T, C>(memory));
        video_view<A, C> dy = normals(wide.take<A, C>(memory), 2);

        bool first;

        operands(const video_size& of, bool begins)
            : size(of), wide{of.batch, of.frames * Time - (begins ? Time - 1 : 0), Space * of.height, Space * of.width},
              first(begins) {}
        void each(auto&& visit) { visit(x), visit(dx), visit(y), visit(dy); }
        void run(auto& ctx) {
            ops::depth_to_space<Time, Space>(ctx, x, y, first);
            ops::depth_to_space_grad<Time, Space>(ctx, dy, dx, first);
        }
    };
    static void agree(const video_size& size) {
        walt::cuda::context device;
        reference::context plain;
        for (const bool first : {true, false}) {
            CAPTURE(Time, Space, C, size.frames, size.height, first);
            agrees_with_reference<operands, float>(device, plain, 0, size, first);
            agrees_with_reference<operands, bf16>(device, plain, 0, size, first);
        }
    }
};

} // namespace

TEST_CASE("cuda: depth to space agrees with the reference", "[cuda][depth_to_space]") {
    sizes<2, 6>::agree({2, 3, 5, 4});
    sizes<1, 8>::agree({2, 3, 3, 7});
    sizes<2, 3>::agree({1, 1, 2, 5});    // one frame; packs of no four
    sizes<2, 6, 1>::agree({2, 3, 5, 4}); // in time alone
    sizes<2, 48>::agree({1, 2, 3, 13});  // rows of several blocks
}

} // namespace tests
