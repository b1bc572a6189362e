// Text cross-attention of a block: a frame's tokens look at themselves and at its text (docs/model.md 1.5).
#pragma once

#include "../config/window.hpp"
#include "../ops/cross_attention.hpp"
#include "../ops/pointwise.hpp"
#include "linear.hpp"

namespace walt::nn {

/// Shape: a walt::cross_shape. The text comes projected to the model's width, [S M, D], one row block a text.
template <class Shape> struct cross_attention {
    static constexpr int D = Shape::width;
    using norm = std::conditional_t<Shape::qk_norm, norm_weight<Shape::head_dim>, nothing>;

    linear<D, D> q;
    linear<D, 2 * D> kv;
    norm q_norm, k_norm;
    linear<D, D> out;

    static constexpr void each(auto& self, auto&& visit) {
        visit("q", self.q);
        visit("kv", self.kv);
        visit("q_norm", self.q_norm);
        visit("k_norm", self.k_norm);
        visit("out", self.out);
    }

    template <class T> struct saved {
        view<T, dynamic, D> q;
        view<T, dynamic, 2 * D> kv, text_kv;
        view<T, dynamic, D> mixed;
        view<accumulate_t<T>, dynamic, Shape::heads> lse;
        saved(arena& from, std::int64_t rows, std::int64_t text_rows)
            : q(from.take<T, dynamic, D>(rows)), kv(from.take<T, dynamic, 2 * D>(rows)),
              text_kv(from.take<T, dynamic, 2 * D>(text_rows)), mixed(from.take<T, dynamic, D>(rows)),
              lse(from.take<accumulate_t<T>, dynamic, Shape::heads>(rows)) {}
    };

    /// Keys and values of texts that are projected [S M, D] to the model's width: kv [S M, 2 D].
    template <class T> void text_keys(auto& ctx, const weights<T>& w, auto projected, auto text_kv) const {
        kv.forward(ctx, w, projected, text_kv);
    }

    /// text: {projected [S M, D], row [B F], valid [S M], kv [S M, 2 D]}; where kv is empty it is computed here.
    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto u, const auto& text, auto y, const saved<T>& keep) const {
        q.forward(ctx, w, u, keep.q);
        kv.forward(ctx, w, u, keep.kv);
        auto text_kv = keep.text_kv.read();
        if (text.kv.size() > 0) text_kv = text.kv; // of no data too (meta)
        else text_keys(ctx, w, text.projected, keep.text_kv);
        ops::cross_attention<Shape>(ctx, keep.q, keep.kv, text_kv, text.row, text.valid, optional_weight(w, q_norm),
                                    optional_weight(w, k_norm), keep.mixed, keep.lse);
        out.forward(ctx, w, keep.mixed, y);
    }

    /// dtext [S M, D] (A) is added to.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto u, const auto& text, const saved<T>& keep, auto dy, auto du,
                  auto dtext, const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const std::int64_t rows = u.extent(0), text_rows = text.projected.extent(0);
        const auto dmixed = ctx.arena.template take<T, dynamic, D>(rows);
        const auto dq = ctx.arena.template take<T, dynamic, D>(rows);
        const auto dkv = ctx.arena.template take<T, dynamic, 2 * D>(rows);
        const auto dtext_kv = ctx.arena.template take<T, dynamic, 2 * D>(text_rows);
        out.backward_parameters(ctx, keep.mixed, dy, g);
        out.backward_input(ctx, w, dy, dmixed);
        ops::cross_attention_grad<Shape>(ctx, keep.q, keep.kv, keep.text_kv, text.row, text.valid,
                                         optional_weight(w, q_norm), optional_weight(w, k_norm), keep.mixed, keep.lse,
                                         dmixed, dq, dkv, dtext_kv, optional_gradient(g, q_norm),
                                         optional_gradient(g, k_norm));
        q.backward_parameters(ctx, u, dq, g);
        kv.backward_parameters(ctx, u, dkv, g);
        kv.backward_parameters(ctx, text.projected, dtext_kv, g);
        const auto du_kv = dmixed; // its memory is free again
        q.backward_input(ctx, w, dq, du);
        kv.backward_input(ctx, w, dkv, du_kv);
        ops::accumulate(ctx, du_kv, du);
        const auto dtext_part = ctx.arena.template take<A, dynamic, D>(text_rows);
        kv.backward_input(ctx, w, dtext_kv, dtext_part);
        ops::accumulate(ctx, dtext_part, dtext);
    }
};

} // namespace walt::nn
