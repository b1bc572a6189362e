// The largest element under a window on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/max_pool.cuh>
#include <walt/ops/reference/max_pool.hpp>

namespace tests {
using namespace walt;

namespace {
template <int C> struct channels {
    template <class T> struct operands {
        arena memory{allocate_host};
        conv_geometry g;
        video_size size, after;
        video_view<T, C> x = normals(size.take<T, C>(memory), 1);
        video_view<T, C> dx = (size.take<T, C>(memory));
        video_view<T, C> y = (after.take<T, C>(memory));
        video_view<T, C> dy = normals(after.take<T, C>(memory), 2);

        operands(const video_size& of, const conv_geometry& windows) : g(windows), size(of), after(g.after(of)) {
            for (std::int64_t i = 0; i < x.size(); i += 3) x.data()[i] = T(0.0f); // equals
        }
        void each(auto&& visit) { visit(x), visit(dx), visit(y), visit(dy); }
        void run(auto& ctx) {
            ops::max_pool(ctx, g, x, y);
            ops::max_pool_grad(ctx, g, x, y, dy, dx);
        }
    };
    static void agree(const video_size& size) {
        walt::cuda::context device;
        reference::context plain;
        for (const conv_geometry& g : {conv_geometry::each_frame(2, 2, 0), conv_geometry::each_frame(3, 1, 0),
                                       conv_geometry{{3, 2, 1, 1}, {3, 2, 0, 1}, {2, 1, 1, 0}}}) {
            CAPTURE(C, size.frames, size.height, g.height.kernel);
            agrees_with_reference<operands, float>(device, plain, 1e-6, size, g);
            agrees_with_reference<operands, bf16>(device, plain, allowed(1e-6, 4e-3), size, g);
        }
    }
};
} // namespace

TEST_CASE("cuda: the largest element under a window agrees with the reference", "[cuda][max_pool]") {
    channels<8>::agree({2, 3, 7, 6});
    channels<5>::agree({1, 1, 4, 9}); // packs of no four
}

} // namespace tests
