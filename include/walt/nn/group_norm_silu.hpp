// Group norm of every frame with affine parameters, then SiLU: what stands in front of a residual block's convolutions.
#pragma once

#include "../core/weights.hpp"
#include "../ops/group_norm.hpp"

namespace walt::nn {

template <int C, int Groups> struct group_norm_silu {
    static constexpr int channels = C;
    parameter<role::norm, init::one, C> weight;
    parameter<role::norm, init::zero, C> bias;

    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }

    /// Mean and 1 / deviation of every frame and group, for backward.
    template <class T> struct saved {
        view<accumulate_t<T>, dynamic, Groups, 2> statistics;
        saved(arena& from, const video_size& size)
            : statistics(from.take<accumulate_t<T>, dynamic, Groups, 2>(size.batch * size.frames)) {}
    };

    /// y may be x.
    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto y, const saved<T>& keep) const {
        ops::group_norm<activation::silu>(ctx, x, row(w.exact(weight)), row(w.exact(bias)), frame_rows{}, y,
                                          keep.statistics);
    }
    /// dx is assigned, and may be dy.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx, const auto& g) const {
        ops::group_norm_grad<activation::silu>(ctx, x, row(w.exact(weight)), row(w.exact(bias)), frame_rows{},
                                               keep.statistics, dy, dx, row(g(weight)), row(g(bias)));
    }
    /// dx is added to.
    template <class T>
    void backward_add(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx,
                      const auto& g) const {
        ops::group_norm_grad_add<activation::silu>(ctx, x, row(w.exact(weight)), row(w.exact(bias)), frame_rows{},
                                                   keep.statistics, dy, dx, row(g(weight)), row(g(bias)));
    }

  private:
    static constexpr auto row(auto vector) {
        if constexpr (is_none<decltype(vector)>) return none{};
        else return vector.template as<dynamic, C>(1);
    }
};

} // namespace walt::nn
