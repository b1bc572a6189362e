// The distance of features on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/tap_distance.cuh>
#include <walt/ops/reference/tap_distance.hpp>

namespace tests {
using namespace walt;

namespace {
template <int C> struct channels {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        arena memory{allocate_host};
        video_size size;
        video_view<T, C> a = normals(size.take<T, C>(memory), 1);
        video_view<T, C> b = normals(size.take<T, C>(memory), 2);
        video_view<T, C> da = (size.take<T, C>(memory));
        video_view<T, C> da_plain = (size.take<T, C>(memory));
        view<A, C> weight = normals(memory.take<A, C>(), 3);
        view<A, 1> distance = (memory.take<A, 1>());
        view<A, 1> plain = (memory.take<A, 1>());
        view<A, 1> alone = (memory.take<A, 1>());

        explicit operands(const video_size& of) : size(of) {}
        void each(auto&& visit) {
            visit(a), visit(b), visit(da), visit(da_plain), visit(weight), visit(distance), visit(plain), visit(alone);
        }
        void run(auto& ctx) {
            ops::tap_distance(ctx, a, b, weight, distance, da);
            ops::tap_distance(ctx, a, b, none{}, plain, da_plain);
            ops::tap_distance(ctx, a, b, weight, alone, none{});
        }
    };
    static void agree(const video_size& size) {
        walt::cuda::context device;
        reference::context plain;
        CAPTURE(C, size.frames, size.height);
        agrees_with_reference<operands, float>(device, plain, 1e-5, size);
        agrees_with_reference<operands, bf16>(device, plain, allowed(1e-5, 4e-3), size);
    }
};
} // namespace

TEST_CASE("cuda: the distance of features agrees with the reference", "[cuda][tap_distance]") {
    channels<64>::agree({2, 2, 5, 3});
    channels<5>::agree({1, 1, 3, 1});   // lanes without channels, warps without positions
    channels<130>::agree({1, 3, 7, 9}); // lanes with unequal numbers of channels
}

} // namespace tests
