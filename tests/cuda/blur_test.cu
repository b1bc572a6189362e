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
        video_size size, small = blur_axes(size).after(size);
        video_view<T, C> x = normals(size.take<T, C>(memory), 1), dx = (size.take<T, C>(memory));
        video_view<T, C> y = (small.take<T, C>(memory)), dy = normals(small.take<T, C>(memory), 2);

        explicit operands(const video_size& of) : size(of) {}
        void each(auto&& visit) { visit(x), visit(dx), visit(y), visit(dy); }
        void run(auto& ctx) {
            ops::blur(ctx, x, y);
            ops::blur_grad(ctx, dy, dx);
        }
    };
    static void agree(const video_size& size) {
        walt::cuda::context device;
        reference::context plain;
        CAPTURE(C, size.frames, size.height, size.width);
        agrees_with_reference<operands, float>(device, plain, 1e-6, size);
        agrees_with_reference<operands, bf16>(device, plain, 1e-6, size);
    }
};

} // namespace

TEST_CASE("cuda: the blur agrees with the reference", "[cuda][blur]") {
    channels<8>::agree({2, 5, 6, 7});
    channels<6>::agree({1, 4, 3, 8}); // packs of no four
    channels<3>::agree({3, 1, 5, 2}); // images
    channels<4>::agree({1, 17, 1, 1});
}

} // namespace tests
