// One block of the transformer (paper fig. 2, docs/model.md 1.5): attention, cross-attention to text, MLP, each
// behind an adaptive norm and in front of a gated residual.
#pragma once

#include "../nn/adaln.hpp"
#include "../nn/cross_attention.hpp"
#include "../nn/mlp.hpp"
#include "../nn/window_attention.hpp"
#include "../ops/modulated_norm.hpp"

namespace walt {

/// The text of a batch as blocks see it: S texts of M positions, projected to the model's width.
template <class T, int D> struct text_condition {
    view<const T, dynamic, D> projected;     // [S M, D]
    view<const std::int32_t, dynamic> row;   // [B F]: the text of a frame
    view<const std::uint8_t, dynamic> valid; // [S M]
    view<const T, dynamic, 2 * D> kv{};      // [S M, 2 D]: keys and values in this block, where they are prepared
};

/// What belongs to the samples of a batch and is the same in every block.
template <class T, int D, int K> struct block_condition {
    view<const T, dynamic, D> s;                      // [B F, D]: SiLU of the conditioning vector
    view<const accumulate_t<T>, dynamic, K * D> base; // [B F, K D]: AdaLN-LoRA's shared part
    view<const std::uint8_t, dynamic> is_image;       // [B]
    text_condition<T, D> text;
};

/// Gradients that blocks add to, in the order of block_condition.
template <class T, int D, int K> struct block_condition_gradient {
    view<accumulate_t<T>, dynamic, D> s;
    view<accumulate_t<T>, dynamic, K * D> base;
    view<accumulate_t<T>, dynamic, D> text; // [S M, D]
};

namespace detail {
template <class Cross> struct cross_part { using type = nn::cross_attention<Cross>; };
template <> struct cross_part<nothing> { using type = nothing; };
} // namespace detail

/// What only the gradients of parameters read: inputs u and outputs y of a block's sub-layers, and what the MLP's
/// second map takes.
template <class T, int D, int MlpHidden, bool HasText> struct sub_layer_sides {
    struct sub_layer {
        view<T, dynamic, D> u, y;
    };
    sub_layer attn, cross, mlp;
    view<T, dynamic, MlpHidden> active;

    sub_layer_sides(arena& from, std::int64_t rows) : active(from.take<T, dynamic, MlpHidden>(rows)) {
        const auto take = [&] { return from.take<T, dynamic, D>(rows); };
        attn = {take(), take()};
        if (HasText) cross = {take(), take()};
        mlp = {take(), take()};
    }
};

/// Shape: the attention_shape of this block's windows. Cross: a cross_shape, or nothing.
template <class Shape, class Cross, int MlpHidden, int Rank> struct transformer_block {
    static constexpr int D = Shape::width;
    static constexpr bool has_text = !std::is_same_v<Cross, nothing>;
    static constexpr int K = has_text ? 9 : 6; // (shift, scale, gate) of each sub-layer
    static constexpr int attn_chunk = 0, cross_chunk = 3, mlp_chunk = K - 3, gate = 2;

    nn::adaln<D, K, Rank> adaln;
    nn::window_attention<Shape> attn;
    typename detail::cross_part<Cross>::type cross;
    nn::mlp<D, MlpHidden> mlp;

    static constexpr void each(auto& self, auto&& visit) {
        visit("adaln", self.adaln);
        visit("attn", self.attn);
        visit("cross", self.cross);
        visit("mlp", self.mlp);
    }

    template <class T, bool HasText> struct cross_saved { // without text
        cross_saved(arena&, std::int64_t, std::int64_t) {}
    };
    template <class T> struct cross_saved<T, true> {
        typename nn::cross_attention<Cross>::template saved<T> inner;
        view<accumulate_t<T>, dynamic, D> h; // after cross-attention
        cross_saved(arena& from, std::int64_t rows, std::int64_t text_rows)
            : inner(from, rows, text_rows), h(from.take<accumulate_t<T>, dynamic, D>(rows)) {}
    };

    /// What backward needs: inputs and outputs of the sub-layers, and the residual stream before each. `sides`: taken
    /// from the arena too, unless the caller has one for all blocks, because no gradient of a parameter is wanted.
    template <class T> struct saved {
        view<accumulate_t<T>, dynamic, K * D> modulation;
        typename nn::adaln<D, K, Rank>::template saved<T> adaln;
        sub_layer_sides<T, D, MlpHidden, has_text> sides;
        typename nn::window_attention<Shape>::template saved<T> attn;
        view<accumulate_t<T>, dynamic, D> h_attn; // after attention
        cross_saved<T, has_text> cross;
        typename nn::mlp<D, MlpHidden>::template saved<T> mlp;

        saved(arena& from, std::int64_t rows, std::int64_t frames, std::int64_t text_rows)
            : saved(from, rows, frames, text_rows, {from, rows}) {}
        saved(arena& from, std::int64_t rows, std::int64_t frames, std::int64_t text_rows,
              const sub_layer_sides<T, D, MlpHidden, has_text>& shared)
            : modulation(from.take<accumulate_t<T>, dynamic, K * D>(frames)), adaln(from, frames), sides(shared),
              attn(from, rows), h_attn(from.take<accumulate_t<T>, dynamic, D>(rows)), cross(from, rows, text_rows),
              mlp(from, rows, shared.active) {}
    };

    /// h_next [R, D] = block(h [R, D]).
    template <class T>
    void forward(auto& ctx, const weights<T>& w, const block_condition<T, D, K>& c, auto h, auto h_next,
                 const saved<T>& keep) const {
        forward(ctx, w, c, h, h_next, keep, [](auto) { return false; });
    }
    /// reused(u): told the input behind the first norm; where it answers true it has written h_next, and that is all.
    template <class T>
    void forward(auto& ctx, const weights<T>& w, const block_condition<T, D, K>& c, auto h, auto h_next,
                 const saved<T>& keep, const auto& reused) const {
        const auto m = keep.modulation;
        adaln.forward(ctx, w, c.s, c.base, m, keep.adaln);

        ops::modulated_norm(ctx, h, m, attn_chunk, keep.sides.attn.u);
        if (reused(keep.sides.attn.u.read())) return;
        attn.forward(ctx, w, keep.sides.attn.u, c.is_image, keep.sides.attn.y, keep.attn);
        ops::gated_residual(ctx, h, m, attn_chunk + gate, keep.sides.attn.y, keep.h_attn);
        auto h_mlp = keep.h_attn;

        if constexpr (has_text) {
            ops::modulated_norm(ctx, keep.h_attn, m, cross_chunk, keep.sides.cross.u);
            cross.forward(ctx, w, keep.sides.cross.u, c.text, keep.sides.cross.y, keep.cross.inner);
            ops::gated_residual(ctx, keep.h_attn, m, cross_chunk + gate, keep.sides.cross.y, keep.cross.h);
            h_mlp = keep.cross.h;
        }

        ops::modulated_norm(ctx, h_mlp, m, mlp_chunk, keep.sides.mlp.u);
        mlp.forward(ctx, w, keep.sides.mlp.u, keep.sides.mlp.y, keep.mlp);
        ops::gated_residual(ctx, h_mlp, m, mlp_chunk + gate, keep.sides.mlp.y, h_next);
    }

    /// dh comes as the gradient of h_next and leaves as that of h; dc is added to. A frozen block adds to dc.text only.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, const block_condition<T, D, K>& c, auto h, const saved<T>& keep,
                  auto dh, const block_condition_gradient<T, D, K>& dc, const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const std::int64_t rows = h.extent(0);
        const auto m = keep.modulation;
        const auto dm = ctx.arena.template take<A, dynamic, K * D>(m.extent(0));
        const auto dy = ctx.arena.template take<T, dynamic, D>(rows);
        const auto du = ctx.arena.template take<T, dynamic, D>(rows);

        auto h_mlp = keep.h_attn;
        if constexpr (has_text) h_mlp = keep.cross.h;
        ops::gated_residual_grad(ctx, dh, m, mlp_chunk + gate, keep.sides.mlp.y, dy, dm);
        mlp.backward(ctx, w, keep.sides.mlp.u, keep.mlp, dy, du, g);
        ops::modulated_norm_grad(ctx, h_mlp, m, mlp_chunk, du, dh, dm);

        if constexpr (has_text) {
            ops::gated_residual_grad(ctx, dh, m, cross_chunk + gate, keep.sides.cross.y, dy, dm);
            cross.backward(ctx, w, keep.sides.cross.u, c.text, keep.cross.inner, dy, du, dc.text, g);
            ops::modulated_norm_grad(ctx, keep.h_attn, m, cross_chunk, du, dh, dm);
        }

        ops::gated_residual_grad(ctx, dh, m, attn_chunk + gate, keep.sides.attn.y, dy, dm);
        attn.backward(ctx, w, keep.sides.attn.u, c.is_image, keep.attn, dy, du, g);
        ops::modulated_norm_grad(ctx, h, m, attn_chunk, du, dh, dm);

        if constexpr (!is_frozen<decltype(g)>) adaln.backward(ctx, w, c.s, keep.adaln, dm, dc.s, dc.base, g);
    }
};

} // namespace walt
