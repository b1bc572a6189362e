// Ops of the networks of measures on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/average_pool.cuh>
#include <walt/ops/cuda/depthwise_conv.cuh>
#include <walt/ops/cuda/put_channels.cuh>
#include <walt/ops/cuda/resize.cuh>
#include <walt/ops/reference/average_pool.hpp>
#include <walt/ops/reference/depthwise_conv.hpp>
#include <walt/ops/reference/put_channels.hpp>
#include <walt/ops/reference/resize.hpp>

namespace tests {
using namespace walt;

namespace {
template <int C> struct channels {
    template <class T> struct operands {
        arena memory{allocate_host};
        conv_geometry g;
        video_size size, larger;
        video_view<T, C> x = normals(size.take<T, C>(memory), 1);
        view<T, C, 1, dynamic, dynamic, 1> w =
            normals(memory.take<T, C, 1, dynamic, dynamic, 1>(g.height.kernel, g.width.kernel), 2);
        view<accumulate_t<T>, C> bias = normals(memory.take<accumulate_t<T>, C>(), 3);
        video_view<T, C> mean = (g.after(size).take<T, C>(memory)), filtered = (g.after(size).take<T, C>(memory));
        video_view<T, 2 * C + 1> beside = normals(size.take<T, 2 * C + 1>(memory), 4);
        video_view<T, C> corners = (larger.take<T, C>(memory)), centres = (larger.take<T, C>(memory)),
                         ends = (larger.take<T, C>(memory));

        operands(const video_size& of, const conv_geometry& windows)
            : g(windows), size(of), larger{of.batch, of.frames, 2 * of.height + 1, of.width - 1} {}
        void each(auto&& visit) {
            visit(x), visit(w), visit(bias), visit(mean), visit(filtered), visit(beside);
            visit(corners), visit(centres), visit(ends);
        }
        void run(auto& ctx) {
            ops::average_pool(ctx, g, x, mean);
            ops::depthwise_conv(ctx, g, x, w, bias, filtered);
            ops::put_channels(ctx, x, beside, C - 1);
            ops::resize(ctx, resizing::corners, x, corners);
            ops::resize(ctx, resizing::centres, x, centres);
            ops::resize(ctx, resizing::ends, x, ends);
        }
    };
    static void agree(const video_size& size) {
        walt::cuda::context device;
        reference::context plain;
        for (const conv_geometry& g : {conv_geometry::each_frame(2, 2, 0), conv_geometry::each_frame(3, 1, 1),
                                       conv_geometry{{1, 2, 0, 0}, {3, 2, 0, 1}, {2, 1, 1, 0}}}) {
            CAPTURE(C, size.frames, size.height, g.height.kernel);
            agrees_with_reference<operands, float>(device, plain, 1e-6, size, g);
            agrees_with_reference<operands, bf16>(device, plain, allowed(1e-6, 4e-3), size, g);
        }
    }
};
} // namespace

TEST_CASE("cuda: layers of frozen networks agree with the reference", "[cuda][frozen_layers]") {
    channels<8>::agree({2, 3, 7, 6});
    channels<5>::agree({1, 1, 4, 9}); // packs of no four
}

} // namespace tests
