// Latent statistics, normalisation and the pixel loss on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/latent_statistics.cuh>
#include <walt/ops/cuda/reconstruction.cuh>
#include <walt/ops/reference/latent_statistics.hpp>
#include <walt/ops/reference/reconstruction.hpp>

namespace tests {
using namespace walt;

namespace {

template <int C> struct sizes {
    template <class T> struct operands {
        arena memory{allocate_host};
        video_size size;
        std::int64_t frames = size.batch * size.frames;
        video_view<T, C> z = normals(size.take<T, C>(memory), 1, 0.7, 3), dz = normals(size.take<T, C>(memory), 2);
        video_view<T, C> normal = (size.take<T, C>(memory)), back = (size.take<T, C>(memory));
        view<T, dynamic, C> mean = (memory.take<T, dynamic, C>(frames)),
                            deviation = (memory.take<T, dynamic, C>(frames));
        view<T, dynamic, C> dmean = normals(memory.take<T, dynamic, C>(frames), 3),
                            ddeviation = normals(memory.take<T, dynamic, C>(frames), 4);
        view<T, C> centre = normals(memory.take<T, C>(), 5), spread = normals(memory.take<T, C>(), 6, 0.1, 2);

        explicit operands(const video_size& of) : size(of) {}
        void each(auto&& visit) {
            visit(z), visit(dz), visit(normal), visit(back), visit(mean), visit(deviation), visit(dmean),
                visit(ddeviation);
            visit(centre), visit(spread);
        }
        void run(auto& ctx) {
            ops::latent_statistics(ctx, z, mean, deviation);
            ops::latent_statistics_grad(ctx, z, mean, deviation, dmean, ddeviation, dz);
            ops::normalise(ctx, z, centre, spread, normal);
            ops::denormalise(ctx, z, centre, spread, back);
        }
    };
    static void agree(const video_size& size) {
        walt::cuda::context device;
        reference::context plain;
        CAPTURE(C, size.frames, size.height);
        agrees_with_reference<operands, float>(device, plain, 1e-5, size);
    }
};

template <class T> struct losses {
    using A = accumulate_t<T>;
    arena memory{allocate_host};
    std::int64_t count;
    view<A, dynamic> x = normals(memory.take<A, dynamic>(count), 1), y = normals(memory.take<A, dynamic>(count), 2);
    view<A, dynamic> dx = (memory.take<A, dynamic>(count)), loss = (memory.take<A, dynamic>(1));

    explicit losses(std::int64_t elements) : count(elements) {
        for (std::int64_t i = 0; i < count; i += 5) x.data()[i] = y.data()[i]; // where the absolute value has no slope
    }
    void each(auto&& visit) { visit(x), visit(y), visit(dx), visit(loss); }
    void run(auto& ctx) { ops::reconstruction_error(ctx, x, y, 0.25, loss, dx); }
};

} // namespace

TEST_CASE("cuda: latent statistics agree with the reference", "[cuda][latent_statistics]") {
    sizes<5>::agree({2, 3, 4, 6});
    sizes<8>::agree({1, 1, 20, 17}); // more positions than threads
}

TEST_CASE("cuda: the pixel loss agrees with the reference", "[cuda][reconstruction]") {
    walt::cuda::context device;
    reference::context plain;
    for (const std::int64_t count : {1, 77, 300000}) // the last is more than all threads of the grid
        agrees_with_reference<losses, float>(device, plain, 1e-6, count);
}

} // namespace tests
