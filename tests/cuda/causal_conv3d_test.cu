// Causal convolutions on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/causal_conv3d.cuh>
#include <walt/ops/reference/causal_conv3d.hpp>
#include <walt/ops/reference/pointwise.hpp>

using namespace walt;

namespace {

/// Y: the results' element type where T is bf16; else they have T's.
template <int I, int O, int Kt, int K, class Y> struct sizes {
    template <class T> struct operands {
        using A = accumulate_t<T>;
        using U = std::conditional_t<std::is_same_v<T, bf16>, Y, T>;
        arena memory{allocate_host};
        conv_stride stride;
        video_size in, out;
        video_view<T, I> x = normals(in.take<T, I>(memory), 1);
        view<T, O, Kt, K, K, I> w = normals(memory.take<T, O, Kt, K, K, I>(), 2, 0.3);
        view<A, O> b = normals(memory.take<A, O>(), 3), db = normals(memory.take<A, O>(), 4);
        video_view<T, O> dy = normals(out.take<T, O>(memory), 5);
        view<A, O, Kt, K, K, I> dw = normals(memory.take<A, O, Kt, K, K, I>(), 6);
        video_view<U, O> y = (out.take<U, O>(memory)), y_bias = (out.take<U, O>(memory)),
                         y_add = normals(out.take<U, O>(memory), 7);
        video_view<U, I> dx = (in.take<U, I>(memory));

        operands(const video_size& size, conv_stride by) : stride(by), in(size), out(size.after(by)) {}
        void each(auto&& visit) {
            visit(x), visit(w), visit(b), visit(db), visit(dy), visit(dw), visit(y), visit(y_bias), visit(y_add),
                visit(dx);
        }
        void run(auto& ctx) {
            ops::causal_conv3d(ctx, stride, x, w, none{}, y);
            ops::causal_conv3d(ctx, stride, x, w, b, y_bias);
            ops::causal_conv3d_add(ctx, stride, x, w, y_add);
            ops::causal_conv3d_grad_input(ctx, stride, dy, w, dx);
            ops::causal_conv3d_grad_weight(ctx, stride, x, dy, dw, db);
        }
    };
    static void agree(const video_size& size, conv_stride stride) {
        cuda::context device;
        reference::context plain;
        CAPTURE(I, O, Kt, K, size.frames, stride.time, stride.space);
        agrees_with_reference<operands, float>(device, plain, 1e-5, size, stride);
        agrees_with_reference<operands, bf16>(device, plain, 1e-5, size, stride);
    }
    /// The way that is taken where cuDNN has no engine for the operands as they are.
    template <class T> struct copies : operands<T> {
        using operands<T>::operands;
        void each(auto&& visit) {
            visit(this->x), visit(this->w), visit(this->dy), visit(this->y), visit(this->dx), visit(this->dw);
        }
        void run(reference::context& ctx) {
            ops::fill(ctx, this->dw, 0);
            ops::causal_conv3d(ctx, this->stride, this->x, this->w, none{}, this->y);
            ops::causal_conv3d_grad_input(ctx, this->stride, this->dy, this->w, this->dx);
            ops::causal_conv3d_grad_weight(ctx, this->stride, this->x, this->dy, this->dw, none{});
        }
        void run(cuda::context& ctx) {
            const auto convolve = [&](cuda::conv_pass pass, auto a, auto b, auto result) {
                const arena::scope scope(ctx.arena);
                const auto c = cuda::detail::described(ctx, pass, this->in, this->out, this->stride, this->w);
                cuda::detail::convolve_copies(ctx, c, a.read().data(), b.read().data(), result.data());
            };
            convolve(cuda::conv_pass::forward, this->x, this->w, this->y);
            convolve(cuda::conv_pass::grad_input, this->dy, this->w, this->dx);
            convolve(cuda::conv_pass::grad_weight, this->x, this->dy, this->dw);
        }
    };
    static void copies_agree(const video_size& size, conv_stride stride) {
        cuda::context device;
        reference::context plain;
        CAPTURE(I, O, Kt, K, size.frames, stride.time, stride.space);
        agrees_with_reference<copies, float>(device, plain, 1e-5, size, stride);
        agrees_with_reference<copies, bf16>(device, plain, 1e-5, size, stride);
    }
};

} // namespace

TEST_CASE("cuda: causal convolutions agree with the reference", "[cuda][causal_conv3d]") {
    sizes<16, 32, 3, 3, float>::agree({2, 5, 6, 8}, {1, 1});
    sizes<6, 12, 3, 3, bf16>::agree({2, 5, 6, 8}, {2, 2});
    sizes<12, 12, 3, 3, float>::agree({1, 4, 7, 5}, {1, 2}); // odd sizes
    sizes<3, 16, 3, 3, bf16>::agree({2, 1, 6, 8}, {1, 1});   // one frame
    sizes<3, 16, 3, 3, float>::agree({1, 1, 6, 8}, {2, 2});
    sizes<16, 3, 3, 3, float>::agree({2, 9, 3, 5}, {2, 1});
    sizes<16, 24, 1, 1, bf16>::agree({2, 3, 4, 6}, {1, 1});
    sizes<8, 16, 1, 3, float>::agree({2, 5, 4, 6}, {1, 1});
    sizes<5, 7, 3, 1, float>::agree({1, 6, 3, 4}, {2, 1}); // no packs
}

TEST_CASE("cuda: convolutions over copies agree with the reference", "[cuda][causal_conv3d]") {
    sizes<6, 12, 3, 3, bf16>::copies_agree({2, 5, 6, 8}, {2, 2});
    sizes<3, 8, 3, 3, float>::copies_agree({1, 1, 5, 7}, {1, 1});
    sizes<8, 4, 1, 1, float>::copies_agree({2, 3, 4, 6}, {1, 1});
}

TEST_CASE("cuda: versions of cuDNN that compute wrongly are refused", "[cuda][causal_conv3d]") {
    for (const int right : {90700, 91500, 91900}) CHECK_NOTHROW(cuda::cudnn::refuse_wrong_versions(right));
    CHECK_THROWS_WITH(cuda::cudnn::refuse_wrong_versions(91002),
                      Catch::Matchers::Contains("cuDNN 9.10.2 is installed"));
}
