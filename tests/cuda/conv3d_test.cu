// Convolutions on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/reference/conv3d.hpp>
#include <walt/ops/reference/pointwise.hpp>

namespace tests {
using namespace walt;

namespace {

/// Y: the results' element type where T is bf16; else they have T's.
template <int I, int O, int Kt, int K, class Y> struct sizes {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        using U = std::conditional_t<std::is_same_v<T, bf16>, Y, T>;
        arena memory{allocate_host};
        conv_geometry geometry;
        video_size in, out;
        video_view<T, I> x = normals(in.take<T, I>(memory), 1);
        view<T, O, Kt, K, K, I> w = normals(memory.take<T, O, Kt, K, K, I>(), 2, 0.3);
        view<A, O> b = normals(memory.take<A, O>(), 3), db = normals(memory.take<A, O>(), 4);
        video_view<T, O> dy = normals(out.take<T, O>(memory), 5);
        view<A, O, Kt, K, K, I> dw = normals(memory.take<A, O, Kt, K, K, I>(), 6);
        video_view<U, O> y = (out.take<U, O>(memory)), y_bias = (out.take<U, O>(memory)),
                         y_add = normals(out.take<U, O>(memory), 7);
        video_view<U, I> dx = (in.take<U, I>(memory));

        operands(const video_size& size, const conv_geometry& g) : geometry(g), in(size), out(g.after(size)) {}
        void each(auto&& visit) {
            visit(x), visit(w), visit(b), visit(db), visit(dy), visit(dw), visit(y), visit(y_bias), visit(y_add),
                visit(dx);
        }
        void run(auto& ctx) {
            ops::conv3d(ctx, geometry, x, w, none{}, y);
            ops::conv3d(ctx, geometry, x, w, b, y_bias);
            ops::conv3d_add(ctx, geometry, x, w, y_add);
            ops::conv3d_grad_input(ctx, geometry, dy, w, dx);
            ops::conv3d_grad_weight(ctx, geometry, x, dy, dw, db);
        }
    };
    static conv_geometry causal(per_axis stride) { return conv_geometry::causal({Kt, K, K}, stride); }
    static void agree(walt::cuda::context& device, const video_size& size, per_axis stride) {
        agree(device, size, causal(stride));
    }
    static void agree(walt::cuda::context& device, const video_size& size, const conv_geometry& g) {
        reference::context plain;
        CAPTURE(I, O, Kt, K, size.frames, g.time.stride, g.time.before, g.time.after, g.width.before, g.width.after);
        agrees_with_reference<operands, float>(device, plain, 1e-5, size, g);
        agrees_with_reference<operands, bf16>(device, plain, 1e-5, size, g);
    }
    /// The way that is taken where cuDNN has no engine for the operands as they are.
    template <class T> struct copies : operands<T> {
        using operands<T>::operands;
        void each(auto&& visit) {
            visit(this->x), visit(this->w), visit(this->dy), visit(this->y), visit(this->dx), visit(this->dw);
        }
        void run(reference::context& ctx) {
            ops::fill(ctx, this->dw, 0);
            ops::conv3d(ctx, this->geometry, this->x, this->w, none{}, this->y);
            ops::conv3d_grad_input(ctx, this->geometry, this->dy, this->w, this->dx);
            ops::conv3d_grad_weight(ctx, this->geometry, this->x, this->dy, this->dw, none{});
        }
        void run(walt::cuda::context& ctx) {
            const auto convolve = [&](walt::cuda::conv_pass pass, auto a, auto b, auto result) {
                const arena::scope scope(ctx.arena);
                const auto c = walt::cuda::detail::described(ctx, pass, this->in, this->out, this->geometry, this->w);
                walt::cuda::detail::convolve_copies(ctx, c, a.read().data(), b.read().data(), result.data(),
                                                    static_cast<const T*>(nullptr));
            };
            convolve(walt::cuda::conv_pass::forward, this->x, this->w, this->y);
            convolve(walt::cuda::conv_pass::grad_input, this->dy, this->w, this->dx);
            convolve(walt::cuda::conv_pass::grad_weight, this->x, this->dy, this->dw);
        }
    };
    static void copies_agree(walt::cuda::context& device, const video_size& size, per_axis stride) {
        copies_agree(device, size, causal(stride));
    }
    static void copies_agree(walt::cuda::context& device, const video_size& size, const conv_geometry& g) {
        reference::context plain;
        CAPTURE(I, O, Kt, K, size.frames, g.time.stride, g.time.before, g.time.after, g.width.before, g.width.after);
        agrees_with_reference<copies, float>(device, plain, 1e-5, size, g);
        agrees_with_reference<copies, bf16>(device, plain, 1e-5, size, g);
    }
};

} // namespace

// One context for all shapes of a case: a plan that was taken for another shape's would show.
namespace {
void causal_agree(walt::cuda::context& device) {
    sizes<16, 32, 3, 3, float>::agree(device, {2, 5, 6, 8}, per_axis{1, 1, 1});
    sizes<6, 12, 3, 3, bf16>::agree(device, {2, 5, 6, 8}, per_axis{2, 2, 2});
    sizes<12, 12, 3, 3, float>::agree(device, {1, 4, 7, 5}, per_axis{1, 2, 2}); // odd sizes
    sizes<3, 16, 3, 3, bf16>::agree(device, {2, 1, 6, 8}, per_axis{1, 1, 1});   // one frame
    sizes<3, 16, 3, 3, float>::agree(device, {1, 1, 6, 8}, per_axis{2, 2, 2});
    sizes<16, 3, 3, 3, float>::agree(device, {2, 9, 3, 5}, per_axis{2, 1, 1});
    sizes<16, 24, 1, 1, bf16>::agree(device, {2, 3, 4, 6}, per_axis{1, 1, 1});
    sizes<8, 16, 1, 3, float>::agree(device, {2, 5, 4, 6}, per_axis{1, 1, 1});
    sizes<5, 7, 3, 1, float>::agree(device, {1, 6, 3, 4}, per_axis{2, 1, 1}); // no packs
}
} // namespace

TEST_CASE("cuda: causal convolutions agree with the reference", "[cuda][conv3d]") {
    walt::cuda::context device;
    causal_agree(device);
    causal_agree(device); // by plans that are known
}

TEST_CASE("cuda: where cuDNN does not finish a convolution, walt does", "[cuda][conv3d]") {
    walt::cuda::context device;
    walt::cuda::convolutions_of(device).fuses = false;
    causal_agree(device);
}

TEST_CASE("cuda: convolutions of other geometries agree with the reference", "[cuda][conv3d]") {
    walt::cuda::context device;
    constexpr auto replicate = padding::replicate;
    constexpr video_size size{2, 5, 4, 6};
    using three = sizes<6, 8, 3, 3, bf16>;
    three::agree(device, size, conv_geometry::same_symmetric({3, 3, 3}, {2, 1, 1}));
    three::agree(device, size, conv_geometry::valid({3, 3, 3}));
    three::agree(device, size, conv_geometry::same({3, 3, 3}, {2, 2, 2}, size)); // more after than before
    three::agree(device, size, conv_geometry::causal({3, 3, 3}, {1, 2, 2}, replicate));
    three::agree(device, size, {{3, 1, 4, 1, replicate}, {3, 2, 0, 3}, {3, 1, 5, 2, replicate}});
    using even = sizes<8, 6, 2, 4, float>;
    even::agree(device, size, conv_geometry::same({2, 4, 4}, {1, 1, 1}, size));
    even::agree(device, size, conv_geometry::valid({2, 4, 4}, {2, 1, 1}));
    even::agree(device, size, conv_geometry::same({2, 4, 4}, {1, 1, 1}, size, replicate));
}

namespace {
/// The last frames of a video, with what lies before them as their past.
template <class T> struct chunk {
    static constexpr int I = 6, O = 8;
    using A = accumulate_t<T>;
    arena memory{allocate_host};
    video_view<T, I> x = normals(video_size{2, 4, 5, 6}.take<T, I>(memory), 1),
                     past = normals(video_size{2, 2, 5, 6}.take<T, I>(memory), 2);
    view<T, O, 3, 3, 3, I> w = normals(memory.take<T, O, 3, 3, 3, I>(), 3, 0.3);
    view<A, O> b = normals(memory.take<A, O>(), 4);
    video_view<A, O> y = (video_size{2, 4, 5, 6}.take<A, O>(memory)),
                     y_add = normals(video_size{2, 4, 5, 6}.take<A, O>(memory), 5);
    void each(auto&& visit) { visit(x), visit(past), visit(w), visit(b), visit(y), visit(y_add); }
    void run(auto& ctx) {
        const auto g = conv_geometry::causal({3, 3, 3});
        ops::conv3d(ctx, g, x, w, b, y, past);
        ops::conv3d_add(ctx, g, x, w, y_add, past);
    }
};
} // namespace

TEST_CASE("cuda: a chunk after its past agrees with the reference", "[cuda][conv3d]") {
    walt::cuda::context device;
    reference::context plain;
    agrees_with_reference<chunk, float>(device, plain, 1e-5);
    agrees_with_reference<chunk, bf16>(device, plain, 1e-5);
}

TEST_CASE("cuda: convolutions over copies agree with the reference", "[cuda][conv3d]") {
    walt::cuda::context device;
    sizes<6, 12, 3, 3, bf16>::copies_agree(device, {2, 5, 6, 8}, per_axis{2, 2, 2});
    sizes<3, 8, 3, 3, float>::copies_agree(device, {1, 1, 5, 7}, per_axis{1, 1, 1});
    sizes<8, 4, 1, 1, float>::copies_agree(device, {2, 3, 4, 6}, per_axis{1, 1, 1});
    sizes<4, 6, 2, 3, float>::copies_agree(device, {2, 3, 4, 6},
                                           conv_geometry::same({2, 3, 3}, {2, 2, 2}, {2, 3, 4, 6}));
}

namespace {
/// Convolutions of numbers that neither bf16 nor tf32 can hold.
template <class T> struct full_floats {
    static constexpr int I = 16, O = 24;
    static constexpr video_size size{1, 3, 5, 6};
    arena memory{allocate_host};
    video_view<T, I> x = thirds(size.take<T, I>(memory), 1), dx = (size.take<T, I>(memory));
    view<T, O, 3, 3, 3, I> w = thirds(memory.take<T, O, 3, 3, 3, I>(), 2),
                           dw = thirds(memory.take<T, O, 3, 3, 3, I>(), 3);
    video_view<T, O> y = (size.take<T, O>(memory)), dy = thirds(size.take<T, O>(memory), 4);
    void each(auto&& visit) { visit(x), visit(w), visit(dy), visit(y), visit(dx), visit(dw); }
    void run(auto& ctx) {
        const auto g = conv_geometry::causal({3, 3, 3});
        ops::conv3d(ctx, g, x, w, none{}, y);
        ops::conv3d_grad_input(ctx, g, dy, w, dx);
        ops::conv3d_grad_weight(ctx, g, x, dy, dw, none{});
    }
};
} // namespace

// A library may compute tf32 better than it must (under emulation it does), but float32 no worse: factors rounded to
// tf32 are wrong by more than 1e-4.
TEST_CASE("cuda: convolutions in float32 do not round their factors, those in tf32 to no less than 10 bits",
          "[cuda][conv3d]") {
    for (const auto& [precision, most] :
         {std::pair{walt::cuda::math::float32, 3e-6}, std::pair{walt::cuda::math::tf32, 1e-3}}) {
        walt::cuda::context device;
        device.precision = precision;
        reference::context plain;
        agrees_with_reference<full_floats, float>(device, plain, most);
    }
}

TEST_CASE("cuda: versions of cuDNN that compute wrongly are refused", "[cuda][conv3d]") {
    for (const int right : {90700, 91600, 91900}) CHECK_NOTHROW(walt::cuda::cudnn::refuse_wrong_versions(right));
    CHECK_THROWS_WITH(walt::cuda::cudnn::refuse_wrong_versions(91002),
                      Catch::Matchers::Contains("cuDNN 9.10.2 is installed"));
    CHECK_THROWS_WITH(walt::cuda::cudnn::refuse_wrong_versions(91501),
                      Catch::Matchers::Contains("cuDNN 9.15.1 is installed"));
}

} // namespace tests
