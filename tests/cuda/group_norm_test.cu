// Group norm per frame on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/group_norm.cuh>
#include <walt/ops/reference/group_norm.hpp>

namespace tests {
using namespace walt;

namespace {

/// What is normalised has type X where T is bf16; else T.
template <class Activation, int C, int G, class X> struct sizes {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        using in = std::conditional_t<std::is_same_v<T, bf16>, X, T>;
        arena memory{allocate_host};
        video_size size;
        frame_rows rows;
        std::int64_t count = size.batch * size.frames;
        std::int64_t used = rows.frames == 0 ? 2 : size.batch * rows.latent_frames; // 2: and a row without a frame
        video_view<in, C> x = normals(size.take<in, C>(memory), 1, 0.7, 3);         // a mean far from zero
        video_view<in, C> dx = (size.take<in, C>(memory)), dx_add = normals(size.take<in, C>(memory), 3);
        video_view<T, C> y = (size.take<T, C>(memory)), dy = normals(size.take<T, C>(memory), 2),
                         in_place = normals(size.take<T, C>(memory), 8);
        view<A, dynamic, C> scale = normals(memory.take<A, dynamic, C>(used), 4, 0.5, 1),
                            shift = normals(memory.take<A, dynamic, C>(used), 5);
        view<A, dynamic, C> dscale = normals(memory.take<A, dynamic, C>(used), 6),
                            dshift = normals(memory.take<A, dynamic, C>(used), 7);
        view<A, dynamic, G, 2> statistics = (memory.take<A, dynamic, G, 2>(count)),
                               statistics_2 = (memory.take<A, dynamic, G, 2>(count));

        operands(const video_size& of, const frame_rows& by) : size(of), rows(by) {}
        void each(auto&& visit) {
            visit(x), visit(dx), visit(dx_add), visit(y), visit(dy), visit(in_place), visit(scale), visit(shift),
                visit(dscale), visit(dshift);
            visit(statistics), visit(statistics_2);
        }
        void run(auto& ctx) {
            ops::group_norm<Activation>(ctx, x, scale, shift, rows, y, statistics);
            ops::group_norm_grad<Activation>(ctx, x, scale, shift, rows, statistics, dy, dx, dscale, dshift);
            ops::group_norm_grad_add<Activation>(ctx, x, scale, shift, rows, statistics, dy, dx_add, dscale, dshift);
            ops::group_norm<Activation>(ctx, in_place, scale, shift, rows, in_place, statistics_2);
            ops::group_norm_grad<Activation>(ctx, x, scale, shift, rows, statistics, dy, dy, dscale, dshift);
        }
    };
    static void agree(const video_size& size, const frame_rows& rows = {}) {
        walt::cuda::context device;
        reference::context plain;
        CAPTURE(C, G, size.frames, size.height);
        agrees_with_reference<operands, float>(device, plain, 1e-5, size, rows);
        if constexpr (!std::is_same_v<X, void>) agrees_with_reference<operands, bf16>(device, plain, 1e-4, size, rows);
    }
};

} // namespace

TEST_CASE("cuda: group norm agrees with the reference", "[cuda][group_norm]") {
    sizes<activation::silu, 16, 4, float>::agree({2, 3, 6, 8});
    sizes<activation::silu, 24, 8, bf16>::agree({1, 2, 40, 36});   // frames of several pieces, the last one short
    sizes<activation::identity, 6, 2, float>::agree({2, 5, 3, 5}); // no packs
    sizes<activation::silu, 64, 32, float>::agree({2, 1, 7, 9});
    sizes<activation::silu, 48, 16, bf16>::agree({2, 9, 4, 6}, {9, 3, 4}); // adaptive: rows are the latent's frames
    sizes<activation::identity, 320, 32, bf16>::agree({1, 2, 3, 11}); // channels of several blocks, the last one short
}

TEST_CASE("cuda: group norm of a nearly constant frame", "[cuda][group_norm]") {
    walt::cuda::context device;
    reference::context plain;
    sizes<activation::identity, 8, 2, float>::operands<float> mine({1, 1, 16, 16}, {});
    sizes<activation::identity, 8, 2, float>::operands<double> theirs({1, 1, 16, 16}, {});
    for (std::int64_t i = 0; i < mine.x.size(); ++i)
        theirs.x.data()[i] = mine.x.data()[i] = 1000 + (i == 0 ? 8.0f : 0.0f) + static_cast<float>(i % 7) / 16;
    testing::on_device(device, mine, [&](auto& o) {
        ops::group_norm<activation::identity>(device, o.x, o.scale, o.shift, o.rows, o.y, o.statistics);
    });
    ops::group_norm<activation::identity>(plain, theirs.x, theirs.scale, theirs.shift, theirs.rows, theirs.y,
                                          theirs.statistics);
    for (std::int64_t i = 0; i < theirs.statistics.size(); ++i)
        CHECK(mine.statistics.data()[i] == Approx(theirs.statistics.data()[i]).epsilon(2e-5));
}

TEST_CASE("cuda: group norm gives the same bits run after run", "[cuda][group_norm]") {
    walt::cuda::context device;
    const auto run = [&] {
        sizes<activation::silu, 24, 8, bf16>::operands<bf16> o({1, 3, 20, 18}, {});
        testing::on_device(device, o, [&](auto& there) { there.run(device); });
        return std::vector{bytes(o.y), bytes(o.dx), bytes(o.dx_add), bytes(o.dscale), bytes(o.dshift)};
    };
    CHECK(run() == run());
}

} // namespace tests
