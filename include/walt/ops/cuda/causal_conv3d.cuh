// CUDA: causal convolutions by cuDNN; where it has no engine for the operands as they are, by cuDNN over copies in
// float.
#pragma once

#include "cudnn.cuh"
#include "pointwise.cuh"
#include "reduce.cuh"

namespace walt::cuda {

namespace detail {

/// Between [B, F, H, W, C] and [B, before + F, H, W, C]: to[i] of the first from the second's later frames, or of the
/// second with zeros in the frames before.
template <bool Crop, class From, class To> struct shift_frames {
    const From* from;
    To* to;
    std::int64_t frames, before, frame_size; // of the shorter one
    __device__ void operator()(std::int64_t i) const {
        const std::int64_t at = i % frame_size, f = i / frame_size;
        if constexpr (Crop) {
            const std::int64_t source = f / frames * (frames + before) + f % frames + before;
            to[i] = static_cast<To>(static_cast<float>(from[source * frame_size + at]));
        } else {
            const std::int64_t b = f / (frames + before), source = f % (frames + before) - before;
            to[i] =
                static_cast<To>(source < 0 ? 0.0f : static_cast<float>(from[(b * frames + source) * frame_size + at]));
        }
    }
};

/// y = sum + bias (+ y), by packs of channels.
template <int O, bool HasBias, class U> struct finish_convolution {
    static constexpr int P = pack_of_row<O>;
    const float *sum, *bias;
    U* y;
    bool add;
    __device__ void operator()(std::int64_t i) const {
        auto value = reinterpret_cast<const pack<float, P>*>(sum)[i];
        pack<U, P>& to = reinterpret_cast<pack<U, P>*>(y)[i];
        if constexpr (HasBias)
            for (int v = 0; v < P; ++v) value.element[v] += bias[i % (O / P) * P + v];
        pack<U, P> result;
        if (add) result = to;
        for (int v = 0; v < P; ++v)
            result.element[v] = static_cast<U>(value.element[v] + (add ? static_cast<float>(result.element[v]) : 0.0f));
        to = result;
    }
};

template <class W>
convolution described(const context& ctx, conv_pass pass, const video_size& x, const video_size& y, conv_stride stride,
                      const W& w) {
    return {pass,
            x,
            y,
            w.extent(4),
            w.extent(0),
            w.extent(1),
            w.extent(2),
            w.extent(3),
            stride,
            w.extent(1) - 1,
            ctx.precision == math::tf32};
}

/// What `from` holds, as floats.
template <class T> const float* in_float(context& ctx, const T* from, std::int64_t count) {
    if constexpr (std::is_same_v<T, float>) return from;
    else {
        const auto copy = ctx.arena.take<float, dynamic>(count);
        convert_on(ctx, view<const T, dynamic>(from, count), copy);
        return copy.data();
    }
}

/// The convolution over copies in float whose frames before the first are written out: engines for that exist for every
/// shape. Products of bf16 are exact in tf32, so tensor cores may multiply them.
template <class T, class U> void convolve_copies(context& ctx, convolution c, const T* a, const T* b, U* result) {
    const convolution given = c;
    const std::int64_t frame_size = c.x.height * c.x.width * c.in, weights = c.out * c.kt * c.kh * c.kw * c.in,
                       ys = c.y.positions() * c.out;
    c = c.with_frames_before();
    c.tf32 = c.tf32 || !std::is_same_v<T, float>;
    const std::int64_t xs = c.x.positions() * c.in;
    const auto x = ctx.arena.take<float, dynamic>(xs);
    const float *w = nullptr, *y = nullptr;
    if (c.pass != conv_pass::grad_input)
        each(ctx, "ops::causal_conv3d", xs,
             shift_frames<false, T, float>{a, x.data(), given.x.frames, given.frames_before, frame_size});
    if (c.pass == conv_pass::grad_input) y = in_float(ctx, a, ys);
    if (c.pass == conv_pass::grad_weight) y = in_float(ctx, b, ys);
    else w = in_float(ctx, b, weights);
    const auto sum = ctx.arena.take<float, dynamic>(c.pass == conv_pass::forward       ? ys
                                                    : c.pass == conv_pass::grad_weight ? weights
                                                                                       : 0);
    if (c.pass == conv_pass::forward) y = sum.data();
    if (c.pass == conv_pass::grad_weight) w = sum.data();
    require(convolutions_of(ctx).run<float, float>(ctx.arena, c, x.data(), w, y), "cuDNN has no engine for {}",
            given.words());
    if (c.pass != conv_pass::grad_input) convert_on(ctx, sum.read(), view<U, dynamic>(result, sum.size()));
    else
        each(ctx, "ops::causal_conv3d_grad_input", given.x.positions() * c.in,
             shift_frames<true, float, U>{x.data(), result, given.x.frames, given.frames_before, frame_size});
}

/// result = y of x = a and w = b, dx of dy = a and w = b, or dw of x = a and dy = b.
template <class T, class U> void convolve(context& ctx, const convolution& c, const T* a, const T* b, U* result) {
    const arena::scope scope(ctx.arena);
    const void* x = c.pass == conv_pass::grad_input ? static_cast<const void*>(result) : a;
    const void* w = c.pass == conv_pass::grad_weight ? static_cast<const void*>(result) : b;
    const void* y = c.pass == conv_pass::forward      ? static_cast<const void*>(result)
                    : c.pass == conv_pass::grad_input ? a
                                                      : b;
    if (!convolutions_of(ctx).run<T, U>(ctx.arena, c, x, w, y)) convolve_copies(ctx, c, a, b, result);
}

} // namespace detail

template <class T, int I, class W, class Bias, class U, int O>
void causal_conv3d_on(context& ctx, conv_stride stride, video_view<const T, I> x, W w, Bias bias, video_view<U, O> y,
                      bool add) {
    if (y.size() == 0) return;
    const auto c = detail::described(ctx, conv_pass::forward, size_of(x), size_of(y), stride, w);
    if (is_none<Bias> && !add) return detail::convolve(ctx, c, x.data(), w.data(), y.data());
    const arena::scope scope(ctx.arena);
    float* sum = nullptr;
    if constexpr (std::is_same_v<U, float>) sum = y.data();
    if (add || sum == nullptr) sum = size_of(y).template take<float, O>(ctx.arena).data();
    detail::convolve(ctx, c, x.data(), w.data(), sum);
    const float* b = nullptr;
    if constexpr (!is_none<Bias>) b = bias.data();
    each(ctx, "ops::causal_conv3d", y.size() / pack_of_row<O>,
         detail::finish_convolution<O, !is_none<Bias>, U>{sum, b, y.data(), add});
}

template <class T, int O, class W, class U, int I>
void causal_conv3d_grad_input_on(context& ctx, conv_stride stride, video_view<const T, O> dy, W w,
                                 video_view<U, I> dx) {
    if (dx.size() == 0) return;
    const auto c = detail::described(ctx, conv_pass::grad_input, size_of(dx), size_of(dy), stride, w);
    detail::convolve(ctx, c, dy.data(), w.data(), dx.data());
}

template <class T, int I, int O, class DW, class DBias>
void causal_conv3d_grad_weight_on(context& ctx, conv_stride stride, video_view<const T, I> x, video_view<const T, O> dy,
                                  DW dw, DBias dbias) {
    if (x.size() == 0) return;
    const arena::scope scope(ctx.arena);
    const auto c = detail::described(ctx, conv_pass::grad_weight, size_of(x), size_of(dy), stride, dw);
    const auto once = ctx.arena.take<float, dynamic>(dw.size());
    detail::convolve(ctx, c, x.data(), dy.data(), once.data());
    accumulate_on(ctx, once.read(), dw);
    if constexpr (!is_none<DBias>)
        add_column_sums(ctx, "ops::causal_conv3d_grad_weight", dy.data(), size_of(dy).positions(), O, dbias.data());
}

} // namespace walt::cuda
