// Blur and halve on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/blur.cuh>
#include <walt/ops/reference/blur.hpp>

namespace tests {
using namespace walt;

namespace {

template <int C> struct channels {
    template <class T> struct operands {
        arena memory{allocate_host};
        conv_geometry g;
        video_size size, small = g.after(size);
        video_view<T, C> x = normals(size.take<T, C>(memory), 1), dx = (size.take<T, C>(memory));
        video_view<T, C> y = (small.take<T, C>(memory)), dy = normals(small.take<T, C>(memory), 2);

        operands(const video_size& of, const conv_geometry& shape) : g(shape), size(of) {}
        void each(auto&& visit) { visit(x), visit(dx), visit(y), visit(dy); }
        void run(auto& ctx) {
            ops::blur(ctx, g, x, y);
            ops::blur_grad(ctx, g, dy, dx);
        }
    };
    static void agree(const video_size& size,
                      const conv_geometry& g = {blur_axes::halving, blur_axes::halving, blur_axes::halving}) {
        walt::cuda::context device;
        reference::context plain;
        CAPTURE(C, size.frames, size.height, size.width);
        agrees_with_reference<operands, float>(device, plain, 1e-6, size, g);
        agrees_with_reference<operands, bf16>(device, plain, 1e-6, size, g);
    }
};

} // namespace

TEST_CASE("cuda: the blur agrees with the reference", "[cuda][blur]") {
    channels<8>::agree({2, 5, 6, 7});
    channels<6>::agree({1, 4, 3, 8}); // packs of no four
    channels<3>::agree({3, 1, 5, 2}); // images
    channels<4>::agree({1, 17, 1, 1});
    channels<8>::agree({2, 2, 7, 5}, conv_geometry::each_frame(3, 2, 2, padding::reflect));
    channels<5>::agree({1, 3, 6, 4}, conv_geometry{{2, 1, 1, 0}, {4, 3, 0, 2, padding::reflect}, {3, 1, 1, 1}});
}

} // namespace tests
