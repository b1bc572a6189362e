// The decoder's adaptive group norm: every level looks at the latent again (docs/model.md 3, adanorm).
#pragma once

#include "../core/video.hpp"
#include "../core/weights.hpp"
#include "../ops/group_norm.hpp"
#include "../ops/latent_statistics.hpp"
#include "../ops/linear.hpp"

namespace walt::nn {

/// Mean and deviation of every latent frame's channels: what all levels' adaptive norms see.
template <class A, int Latent> struct latent_frame_statistics {
    view<A, dynamic, Latent> mean, deviation; // [B f, c]
    latent_frame_statistics(arena& from, std::int64_t frames)
        : mean(from.take<A, dynamic, Latent>(frames)), deviation(from.take<A, dynamic, Latent>(frames)) {}
};

/// y = GN(x) scale(deviation) + shift(mean), row by latent frame. All in float32: the maps are small.
template <int C, int Latent, int Groups> struct adanorm {
    template <init BiasStart> struct map {
        exact_parameter<role::matrix, init::zero, C, Latent> weight;
        parameter<role::bias, BiasStart, C> bias;
        static constexpr void each(auto& self, auto&& visit) {
            visit("weight", self.weight);
            visit("bias", self.bias);
        }
        void forward(auto& ctx, const auto& w, auto x, auto y) const {
            ops::linear(ctx, x, w.exact(weight), w.exact(bias), y);
        }
        /// dx is added to.
        void backward(auto& ctx, const auto& w, auto x, auto dy, auto dx, const auto& g) const {
            const arena::scope scope(ctx.arena);
            const auto part = ctx.arena.template take<typename decltype(dx)::element, dynamic, Latent>(dx.extent(0));
            ops::linear_grad_weight(ctx, x, dy, g(weight), g(bias));
            ops::linear_grad_input(ctx, dy, w.exact(weight), part);
            ops::accumulate(ctx, part, dx);
        }
    };
    map<init::one> scale;
    map<init::zero> shift;

    static constexpr void each(auto& self, auto&& visit) {
        visit("scale", self.scale);
        visit("shift", self.shift);
    }

    template <class T> struct saved {
        using A = accumulate_t<T>;
        frame_rows rows;
        view<A, dynamic, C> scale, shift; // [B f, C]
        view<A, dynamic, Groups, 2> statistics;
        /// size: of x; time_factor: its frames per latent frame; begins: x begins its video.
        saved(arena& from, const video_size& size, int time_factor, bool begins = true)
            : rows{size.frames, (size.frames + (begins ? time_factor - 1 : 0)) / time_factor, time_factor, begins},
              scale(from.take<A, dynamic, C>(size.batch * rows.latent_frames)),
              shift(from.take<A, dynamic, C>(size.batch * rows.latent_frames)),
              statistics(from.take<A, dynamic, Groups, 2>(size.batch * size.frames)) {}
    };

    /// y may be x.
    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto x, const auto& latent, auto y, const saved<T>& keep) const {
        scale.forward(ctx, w, latent.deviation, keep.scale);
        shift.forward(ctx, w, latent.mean, keep.shift);
        ops::group_norm<activation::identity>(ctx, x, keep.scale, keep.shift, keep.rows, y, keep.statistics);
    }

    /// dx is assigned, and may be dy; dlatent is added to.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const auto& latent, const saved<T>& keep, auto dy, auto dx,
                  const auto& dlatent, const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const auto dscale = ctx.arena.template take<A, dynamic, C>(keep.scale.extent(0));
        const auto dshift = ctx.arena.template take<A, dynamic, C>(keep.scale.extent(0));
        ops::fill(ctx, dscale, 0);
        ops::fill(ctx, dshift, 0);
        ops::group_norm_grad<activation::identity>(ctx, x, keep.scale, keep.shift, keep.rows, keep.statistics, dy, dx,
                                                   dscale, dshift);
        scale.backward(ctx, w, latent.deviation, dscale, dlatent.deviation, g);
        shift.backward(ctx, w, latent.mean, dshift, dlatent.mean, g);
    }
};

} // namespace walt::nn
