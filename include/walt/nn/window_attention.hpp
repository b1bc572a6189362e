// Self-attention of a block: qkv, attention in the layer's windows, output map (docs/model.md 1.5).
#pragma once

#include "../config/window.hpp"
#include "../ops/window_attention.hpp"
#include "linear.hpp"

namespace walt::nn {

/// Shape: a walt::attention_shape of the layer's windows.
template <class Shape> struct window_attention {
    static constexpr int D = Shape::width;
    using norm = std::conditional_t<Shape::qk_norm, norm_weight<Shape::head_dim>, nothing>;

    linear<D, 3 * D> qkv;
    norm q_norm, k_norm;
    parameter<role::table, init::truncated, Shape::heads, Shape::bias_size> rel_bias;
    linear<D, D> out;

    static constexpr void each(auto& self, auto&& visit) {
        visit("qkv", self.qkv);
        visit("q_norm", self.q_norm);
        visit("k_norm", self.k_norm);
        visit("rel_bias", self.rel_bias);
        visit("out", self.out);
    }

    template <class T> struct saved {
        view<T, dynamic, 3 * D> qkv;
        view<T, dynamic, D> mixed; // what attention gives to the output map
        view<accumulate_t<T>, dynamic, Shape::heads> lse;
        saved(arena& from, std::int64_t rows)
            : qkv(from.take<T, dynamic, 3 * D>(rows)), mixed(from.take<T, dynamic, D>(rows)),
              lse(from.take<accumulate_t<T>, dynamic, Shape::heads>(rows)) {}
    };

    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto u, auto is_image, auto y, const saved<T>& keep) const {
        qkv.forward(ctx, w, u, keep.qkv);
        ops::window_attention<Shape>(ctx, keep.qkv, optional_weight(w, q_norm), optional_weight(w, k_norm),
                                     w.exact(rel_bias), is_image, keep.mixed, keep.lse);
        out.forward(ctx, w, keep.mixed, y);
    }

    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto u, auto is_image, const saved<T>& keep, auto dy, auto du,
                  const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dmixed = ctx.arena.template take<T, dynamic, D>(u.extent(0));
        const auto dqkv = ctx.arena.template take<T, dynamic, 3 * D>(u.extent(0));
        out.backward_parameters(ctx, keep.mixed, dy, g);
        out.backward_input(ctx, w, dy, dmixed);
        ops::window_attention_grad<Shape>(ctx, keep.qkv, optional_weight(w, q_norm), optional_weight(w, k_norm),
                                          w.exact(rel_bias), is_image, keep.mixed, keep.lse, dmixed, dqkv,
                                          optional_gradient(g, q_norm), optional_gradient(g, k_norm), g(rel_bias));
        qkv.backward_parameters(ctx, u, dqkv, g);
        qkv.backward_input(ctx, w, dqkv, du);
    }
};

} // namespace walt::nn
