// A 3D convolution with its parameters (docs/model.md 3, C3).
#pragma once

#include "../core/history.hpp"
#include "../core/weights.hpp"
#include "../ops/conv3d.hpp"

namespace walt::nn {

/// y = conv(x) (+ bias) over a geometry that is part of the type. Of a chunk of a video it sees the frames before as
/// well, where its kernel has more than one frame and none of them lies ahead.
template <int In, int Out, conv_geometry Geometry, bool HasBias> struct conv3d {
    static constexpr conv_geometry geometry = Geometry;
    /// Whether a video may come in chunks, which see frames before them. Before a video lie zeros.
    static constexpr bool sees_past =
        Geometry.time.kernel > 1 && Geometry.time.after == 0 && Geometry.time.edge == padding::zeros;
    static constexpr int past = sees_past ? Geometry.frames_to_keep() : 0; ///< so many frames

    kernel<init::xavier, Out, In, Geometry.time.kernel, Geometry.height.kernel, Geometry.width.kernel> weight;
    std::conditional_t<HasBias, parameter<role::bias, init::zero, Out>, nothing> bias;

    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }

    void forward(auto& ctx, const auto& w, auto x, auto y, const chunk& of = {}) const {
        const auto seen = seen_before(w, x, of);
        if constexpr (HasBias) ops::conv3d(ctx, geometry, x, w(weight), w.exact(bias), y, seen);
        else ops::conv3d(ctx, geometry, x, w(weight), none{}, y, seen);
        leave(ctx, w, x, seen, of);
    }
    /// y += conv(x).
    void forward_add(auto& ctx, const auto& w, auto x, auto y, const chunk& of = {}) const {
        static_assert(!HasBias, "a convolution that ends a residual branch has no bias (docs/model.md 3, Res)");
        const auto seen = seen_before(w, x, of);
        ops::conv3d_add(ctx, geometry, x, w(weight), y, seen);
        leave(ctx, w, x, seen, of);
    }
    /// dy = conv(dx): what a change of x changes y by.
    void tangent(auto& ctx, const auto& w, auto dx, auto dy) const {
        ops::conv3d(ctx, geometry, dx, w(weight), none{}, dy);
    }
    /// Adds to the gradients of weight and bias: of a whole video, and of a chunk.
    void backward_parameters(auto& ctx, auto x, auto dy, const auto& g) const {
        if constexpr (HasBias) ops::conv3d_grad_weight(ctx, geometry, x, dy, g(weight), g(bias));
        else ops::conv3d_grad_weight(ctx, geometry, x, dy, g(weight), none{});
    }
    void backward_parameters(auto& ctx, const auto& w, auto x, auto dy, const auto& g, const chunk& of) const {
        const auto seen = seen_before(w, x, of);
        if constexpr (HasBias) ops::conv3d_grad_weight(ctx, geometry, x, dy, g(weight), g(bias), seen);
        else ops::conv3d_grad_weight(ctx, geometry, x, dy, g(weight), none{}, seen);
    }
    /// dx is assigned. What the next chunk saw of this one adds to it, what this one saw of the one before goes there.
    void backward_input(auto& ctx, const auto& w, auto dy, auto dx, const chunk& of = {}) const {
        if constexpr (!sees_past) return ops::conv3d_grad_input(ctx, geometry, dy, w(weight), dx);
        else {
            using T = typename decltype(dx)::element;
            const arena::scope scope(ctx.arena);
            const std::int64_t F = dx.extent(1);
            const video_size size{dx.extent(0), past, dx.extent(2), dx.extent(3)};
            const auto dseen = of.begins() ? video_view<T, In>() : size.take<T, In>(ctx.arena);
            ops::conv3d_grad_input(ctx, geometry, dy, w(weight), dx, dseen);
            if (!of.gradient || past == 0) return;
            const auto between = of.gradient->template take<T, In>(ctx, w.place(weight), size); // of the next chunk
            for (std::int64_t b = 0; b < size.batch; ++b)
                for (std::int64_t p = 0; p < past; ++p) {
                    const auto from = frame_of(between, b, p);
                    if (F - past + p >= 0) ops::accumulate(ctx, from, frame_of(dx, b, F - past + p));
                    else if (!of.begins()) ops::accumulate(ctx, from, frame_of(dseen, b, F + p));
                }
            if (!of.begins()) ops::convert(ctx, dseen, between);
        }
    }

  private:
    /// The frames before x; none where its video begins.
    template <class X> auto seen_before(const auto& w, [[maybe_unused]] const X& x, const chunk& of) const {
        using T = std::remove_const_t<typename X::element>;
        require(sees_past || Geometry.time.kernel == 1 || (of.begins() && !of.after),
                "a convolution over {} frames, {} of them ahead, and with the first one repeated before its video ({}) "
                "cannot take one in chunks",
                Geometry.time.kernel, Geometry.time.after, Geometry.time.edge == padding::replicate);
        if constexpr (!sees_past) return none{};
        else if (of.begins()) return video_view<T, In>();
        else if constexpr (past > 0) return of.before->template at<T, In>(w.place(weight));
        else return video_view<T, In>(nullptr, x.extent(0), 0, x.extent(2), x.extent(3));
    }
    /// Leaves the last frames of [what lay before, x] for the next chunk.
    void leave(auto& ctx, const auto& w, auto x, const auto& seen, const chunk& of) const {
        if constexpr (past > 0) {
            if (!of.after) return;
            using T = std::remove_const_t<typename decltype(x)::element>;
            const std::int64_t F = x.extent(1);
            const auto left =
                of.after->template take<T, In>(ctx, w.place(weight), {x.extent(0), past, x.extent(2), x.extent(3)});
            for (std::int64_t b = 0; b < x.extent(0); ++b)
                for (std::int64_t p = 0; p < past; ++p) { // first to last: `left` may be `seen`
                    const auto to = frame_of(left, b, p);
                    if (F - past + p >= 0) ops::convert(ctx, frame_of(x, b, F - past + p), to);
                    else if (!of.begins()) ops::convert(ctx, frame_of(seen, b, F + p), to);
                    else ops::fill(ctx, to, 0);
                }
        }
    }
};

/// K x K x K, a frame sees itself and the past; stride `Time` in time and `Space` in height and width.
template <int In, int Out, int K, bool HasBias, int Time = 1, int Space = 1>
using causal_conv3d = conv3d<In, Out, conv_geometry::causal({K, K, K}, {Time, Space, Space}), HasBias>;

} // namespace walt::nn
