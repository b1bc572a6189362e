// CUDA: convolutions by cuDNN; where it has no engine for the operands as they are, by cuDNN over copies in float.
// Edges that are repeated and frames of the past are written out into such a copy always.
#pragma once

#include "cudnn.cuh"
#include "linear.cuh"
#include "pointwise.cuh"
#include "reduce.cuh"

namespace walt::cuda {

namespace detail {

/// Element i of the wide video shows an element of x, or of the past, or a zero.
template <class From> struct write_padding {
    padded_video padded;
    std::int64_t channels;
    const From *x, *past; ///< past: nullptr for none
    float* wide;
    __device__ void operator()(std::int64_t i) const {
        const video_size to = padded.wide();
        const std::int64_t c = i % channels, at = i / channels;
        const std::int64_t w = padded.width.source(at % to.width), row = at / to.width;
        const std::int64_t h = padded.height.source(row % to.height), frame = row / to.height;
        const std::int64_t f = frame % to.frames, b = frame / to.frames, t = padded.time.source(f);
        const bool before = past && f < padded.time.before;
        const std::int64_t source = before ? b * padded.time.before + f : b * padded.time.extent + t;
        const bool zero = w < 0 || h < 0 || (t < 0 && !before);
        const From* from = before ? past : x;
        wide[i] = zero ? 0.0f
                       : static_cast<float>(
                             from[((source * padded.height.extent + h) * padded.width.extent + w) * channels + c]);
    }
};

/// Element i of dx is the sum of what all elements of the wide video that show it got, in their order.
template <class To> struct fold_padding {
    padded_video padded;
    std::int64_t channels;
    const float* wide;
    To* dx;
    __device__ void operator()(std::int64_t i) const {
        const padded_axis &time = padded.time, &height = padded.height, &width = padded.width;
        const std::int64_t c = i % channels, at = i / channels;
        const std::int64_t w = at % width.extent, row = at / width.extent, h = row % height.extent,
                           frame = row / height.extent, t = frame % time.extent, b = frame / time.extent;
        float sum = 0;
        for (std::int64_t f = time.first(t); f <= time.last(t); ++f)
            for (std::int64_t r = height.first(h); r <= height.last(h); ++r)
                for (std::int64_t s = width.first(w); s <= width.last(w); ++s)
                    sum += wide[(((b * time.wide() + f) * height.wide() + r) * width.wide() + s) * channels + c];
        dx[i] = static_cast<To>(sum);
    }
};

/// Whether tensor cores may do a convolution: backward passes want rows of whole 16 bytes of bf16. (One of 12 and 48
/// channels, which cuDNN 9.19 took, ended in a misaligned address on an H200: docs/gpu/h200.md.)
inline bool may_use_tensor_cores(conv_pass pass, std::int64_t in, std::int64_t out) {
    return pass == conv_pass::forward || (in % 8 == 0 && out % 8 == 0);
}

template <class W>
convolution described(const context& ctx, conv_pass pass, const video_size& x, const video_size& y,
                      const conv_geometry& g, const W& w) {
    const std::int64_t in = w.extent(4), out = w.extent(0);
    return {pass, x, y, in, out, g, ctx.precision == math::tf32 && may_use_tensor_cores(pass, in, out)};
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

/// What is left of a convolution over copies in float: they hold its padding, but for zeros that are the same before
/// and after. Engines for that exist for every shape. Products of bf16 (T) are exact in tf32, so tensor cores may
/// multiply them.
template <class T> struct over_copies {
    padded_video padded;
    convolution rest;

    over_copies(const convolution& given, bool past)
        : over_copies(given, split_padding(given.geometry, past || differ(given.geometry.time),
                                           differ(given.geometry.height), differ(given.geometry.width))) {}

  private:
    over_copies(const convolution& given, const split_geometry& parts) : padded(parts.written, given.x), rest(given) {
        rest.geometry = parts.rest;
        rest.x = padded.wide();
        if (!std::is_same_v<T, float>) rest.tf32 = may_use_tensor_cores(rest.pass, rest.in, rest.out);
    }
    static bool differ(const conv_axis& axis) { return axis.edge == padding::replicate || axis.before != axis.after; }
};

template <class T, class U>
void convolve_copies(context& ctx, const convolution& given, const T* a, const T* b, U* result, const T* past) {
    const auto [padded, c] = over_copies<T>(given, past != nullptr);
    const std::int64_t weights = c.out * c.taps() * c.in, ys = c.y.positions() * c.out;
    const std::int64_t xs = c.x.positions() * c.in;
    const auto x = ctx.arena.take<float, dynamic>(xs);
    const float *w = nullptr, *y = nullptr;
    if (c.pass != conv_pass::grad_input)
        each(ctx, "ops::conv3d", xs, write_padding<T>{padded, c.in, a, past, x.data()});
    if (c.pass == conv_pass::grad_input) y = in_float(ctx, a, ys);
    if (c.pass == conv_pass::grad_weight) y = in_float(ctx, b, ys);
    else w = in_float(ctx, b, weights);
    const auto sum = ctx.arena.take<float, dynamic>(c.pass == conv_pass::forward       ? ys
                                                    : c.pass == conv_pass::grad_weight ? weights
                                                                                       : 0);
    if (c.pass == conv_pass::forward) y = sum.data();
    if (c.pass == conv_pass::grad_weight) w = sum.data();
    require(convolutions_of(ctx).run<float, float>(ctx, c, x.data(), w, y),
            "cuDNN has no engine for {} that takes no more than {} bytes (cuda::context::most_workspace)",
            given.words(), ctx.most_workspace);
    if (c.pass != conv_pass::grad_input) convert_on(ctx, sum.read(), view<U, dynamic>(result, sum.size()));
    else
        each(ctx, "ops::conv3d_grad_input", given.x.positions() * c.in,
             fold_padding<U>{padded, c.in, x.data(), result});
}

/// result = y of x = a and w = b, dx of dy = a and w = b, or dw of x = a and dy = b, and its finish, in one pass.
/// False, and nothing done, where cuDNN cannot.
template <class T, class U>
bool convolve_finished(context& ctx, const convolution& c, const T* a, const T* b, U* result, const T* past,
                       const conv_finish& finish) {
    const void* x = c.pass == conv_pass::grad_input ? static_cast<const void*>(result) : a;
    const void* w = c.pass == conv_pass::grad_weight ? static_cast<const void*>(result) : b;
    const void* y = c.pass == conv_pass::forward      ? static_cast<const void*>(result)
                    : c.pass == conv_pass::grad_input ? a
                                                      : b;
    const auto replicates = [](const conv_axis& axis) {
        return axis.edge == padding::replicate && axis.before + axis.after > 0;
    };
    const bool zeros = past == nullptr && !replicates(c.geometry.time) && !replicates(c.geometry.height) &&
                       !replicates(c.geometry.width);
    const bool as_they_are = std::is_same_v<T, float> || may_use_tensor_cores(c.pass, c.in, c.out);
    return zeros && as_they_are && convolutions_of(ctx).run<T, U>(ctx, c, x, w, y, finish);
}

/// The same without a finish, over copies where cuDNN cannot take the operands as they are.
template <class T, class U>
void convolve(context& ctx, const convolution& c, const T* a, const T* b, U* result, const T* past = nullptr) {
    const arena::scope scope(ctx.arena);
    if (!convolve_finished(ctx, c, a, b, result, past, {})) convolve_copies(ctx, c, a, b, result, past);
}

} // namespace detail

template <class T, int In, class W, class Bias, class U, int Out, class Past>
void conv3d_on(context& ctx, const conv_geometry& g, video_view<const T, In> x, W w, Bias bias, video_view<U, Out> y,
               Past past, bool add) {
    if (y.size() == 0) return;
    const T* before = nullptr;
    if constexpr (!is_none<Past>) before = rules::goes_on(past) ? past.data() : nullptr;
    const auto c = detail::described(ctx, conv_pass::forward, size_of(x), size_of(y), g, w);
    if (is_none<Bias> && !add) return detail::convolve(ctx, c, x.data(), w.data(), y.data(), before);
    const arena::scope scope(ctx.arena);
    conv_finish finish{.add = add};
    if constexpr (!is_none<Bias>) finish.bias = bias.data();
    if (detail::convolve_finished(ctx, c, x.data(), w.data(), y.data(), before, finish)) return;
    float* sum = nullptr;
    if constexpr (std::is_same_v<U, float>) sum = y.data();
    if (add || sum == nullptr) sum = size_of(y).template take<float, Out>(ctx.arena).data();
    detail::convolve(ctx, c, x.data(), w.data(), sum, before);
    each(ctx, "ops::conv3d", y.size() / pack_of_row<Out>,
         detail::finish_rows<Out, !is_none<Bias>, U>{sum, finish.bias, y.data(), add});
}

template <class T, int Out, class W, class U, int In>
void conv3d_grad_input_on(context& ctx, const conv_geometry& g, video_view<const T, Out> dy, W w,
                          video_view<U, In> dx) {
    if (dx.size() == 0) return;
    const auto c = detail::described(ctx, conv_pass::grad_input, size_of(dx), size_of(dy), g, w);
    detail::convolve(ctx, c, dy.data(), w.data(), dx.data());
}

template <class T, int In, int Out, class DW, class DBias>
void conv3d_grad_weight_on(context& ctx, const conv_geometry& g, video_view<const T, In> x, video_view<const T, Out> dy,
                           DW dw, DBias dbias) {
    if (x.size() == 0) return;
    const arena::scope scope(ctx.arena);
    const auto c = detail::described(ctx, conv_pass::grad_weight, size_of(x), size_of(dy), g, dw);
    if (!detail::convolve_finished(ctx, c, x.data(), dy.data(), dw.data(), {}, {.add = true})) {
        const auto once = ctx.arena.take<float, dynamic>(dw.size());
        detail::convolve(ctx, c, x.data(), dy.data(), once.data());
        accumulate_on(ctx, once.read(), dw);
    }
    if constexpr (!is_none<DBias>)
        add_column_sums(ctx, "ops::conv3d_grad_weight", dy.data(), size_of(dy).positions(), Out, dbias.data());
}

} // namespace walt::cuda
