// The whole denoiser network (paper fig. 2, docs/model.md 1): latents, steps and conditions in, the answer out.
#pragma once

#include "../core/activations.hpp"
#include "condition_embedding.hpp"
#include "input.hpp"
#include "kept_blocks.hpp"

#include <algorithm>
#include <vector>

namespace walt {

template <class Config> struct transformer {
    using config_type = Config;
    using dims = dimensions<Config>;
    static constexpr bool config_is_valid = dims::valid; // says a sentence where it is not
    static constexpr int D = dims::hidden, K = dims::chunks, F = dims::frames, depth = dims::depth;
    static constexpr bool has_text = dims::has_text;
    using order = typename dims::order;
    using cross_part = std::conditional_t<has_text, typename dims::cross, nothing>;
    using even_block = transformer_block<typename dims::even_layer, cross_part, dims::mlp_hidden, Config::adaln_rank>;
    using odd_block = transformer_block<typename dims::odd_layer, cross_part, dims::mlp_hidden, Config::adaln_rank>;

    struct final_layer {
        nn::linear<D, 2 * D, init::zero> adaln;
        nn::linear<D, dims::patch_out, init::zero> out;
        static constexpr void each(auto& self, auto&& visit) {
            visit("adaln", self.adaln);
            visit("out", self.out);
        }
    };

    token_embedding<Config> tokens;
    condition_embedding<Config> conditions;
    repeat<depth, even_block, odd_block> blocks;
    final_layer final;

    static constexpr void each(auto& self, auto&& visit) { // the embeddings' parts have names of their own
        token_embedding<Config>::each(self.tokens, visit);
        condition_embedding<Config>::each(self.conditions, visit);
        visit("blocks", self.blocks);
        visit("final", self.final);
    }

    /// What a pass keeps, taken from the arena: whoever makes one opens an arena::scope around it. text_positions is
    /// S M, or 0 where conditions are prepared.
    template <class T> struct saved {
        using A = accumulate_t<T>;
        using even_saved = typename even_block::template saved<T>;
        using odd_saved = typename odd_block::template saved<T>;

        activations mode;
        std::int64_t frames, rows, text_rows; // B F, B F N, S M
        typename token_embedding<Config>::template saved<T> tokens;
        typename condition_embedding<Config>::template saved<T> conditions;
        std::vector<view<A, dynamic, D>> h; // the residual stream before block i, and behind the last
        std::vector<even_saved> even;       // of blocks 0, 2, ... (one, used again, unless all are kept)
        std::vector<odd_saved> odd;
        view<A, dynamic, 2 * D> final_modulation;
        view<T, dynamic, D> final_u;

        saved(arena& from, std::int64_t batch, std::int64_t text_positions, activations kept)
            : mode(kept), frames(batch * F), rows(frames * dims::tokens), text_rows(has_text ? text_positions : 0),
              tokens(from, batch), conditions(from, frames, text_rows) {
            const int streams = mode == activations::none ? std::min(2, depth + 1) : depth + 1;
            for (int i = 0; i < streams; ++i) h.push_back(from.take<A, dynamic, D>(rows));
            using sides = sub_layer_sides<T, D, dims::mlp_hidden, has_text>;
            const sides shared(from, mode == activations::input_gradient ? rows : 0);
            const auto add = [&](auto& list) {
                if (mode == activations::input_gradient) list.emplace_back(from, rows, frames, text_rows, shared);
                else list.emplace_back(from, rows, frames, text_rows);
            };
            for (int i = 0; i < (keeps_blocks() ? depth : std::min(2, depth)); ++i)
                if (i % 2 == 0) add(even);
                else add(odd);
            final_modulation = from.take<A, dynamic, 2 * D>(frames);
            final_u = from.take<T, dynamic, D>(rows);
        }

        bool keeps_blocks() const { return mode == activations::all || mode == activations::input_gradient; }
        view<A, dynamic, D> stream(int i) const {
            return h[static_cast<std::size_t>(mode == activations::none ? i % 2 : i)];
        }
        template <class Block> const auto& of(const Block&, int i) const {
            const auto pair = static_cast<std::size_t>(keeps_blocks() ? i / 2 : 0);
            if constexpr (std::is_same_v<even_saved, odd_saved>) return i % 2 == 0 ? even[pair] : odd[pair];
            else if constexpr (std::is_same_v<Block, even_block>) return even[pair];
            else return odd[pair];
        }
    };

    /// v [B, F, H, W, C] (A): the network's answer. What is `given` is not computed again; the answer is the same.
    /// Blocks whose input has barely moved since they were `kept` are skipped, which only mode none has (activations of
    /// a block that was skipped are no more than its input's).
    template <class T, class V>
    void forward(auto& ctx, const weights<T>& w, const denoiser_input<accumulate_t<T>, Config>& in, V v,
                 const saved<T>& keep, const prepared<T, Config>& given = {},
                 kept_blocks<T, Config>* kept = nullptr) const {
        in.check(static_cast<bool>(given));
        tokens.forward(ctx, w, in, given, keep.stream(0), keep.tokens);
        conditions.forward(ctx, w, in, given, keep.conditions);

        for (int i = 0; i < depth; ++i)
            blocks.at(i, [&](const auto& block, shift) {
                const auto lease = w.block(blocks, i);
                auto c = keep.conditions.of(in);
                if (has_text && given) c.text.kv = given.text_kv[static_cast<std::size_t>(i)].read();
                const auto h = keep.stream(i), h_next = keep.stream(i + 1);
                bool skipped = false;
                block.forward(ctx, lease, c, h, h_next, keep.of(block, i),
                              [&](auto u) { return skipped = kept && kept->reuse(ctx, i, u, h, h_next); });
                if (kept && !skipped) kept->keep(ctx, i, h, h_next);
            });

        final.adaln.forward(ctx, w, keep.conditions.s, keep.final_modulation);
        ops::modulated_norm(ctx, keep.stream(depth), keep.final_modulation, 0, keep.final_u);
        const arena::scope scope(ctx.arena);
        const auto out = ctx.arena.template take<accumulate_t<T>, dynamic, dims::patch_out>(keep.rows);
        final.out.forward(ctx, w, keep.final_u, out);
        ops::unpatchify<order, dims::patch>(ctx, out, 0, none{}, v);
    }

    /// Computes once what of `in` does not change over the steps of sampling, for its samples.
    template <class T>
    prepared<T, Config> prepare(auto& ctx, const weights<T>& w,
                                const denoiser_input<accumulate_t<T>, Config>& in) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        prepared<T, Config> made;
        made.samples = in.is_image.extent(0);
        made.held = holdings(ctx);
        const std::int64_t frames = made.samples * F, positions = in.text_valid.extent(0);
        const typename condition_embedding<Config>::template saved<T> keep(ctx.arena, frames, has_text ? positions : 0);
        if constexpr (has_text) {
            conditions.project_text(ctx, w, in, keep);
            for (int i = 0; i < depth; ++i)
                blocks.at(i, [&](const auto& block, shift) {
                    const auto lease = w.block(blocks, i);
                    made.text_kv.push_back(made.held.template take<T, dynamic, 2 * D>(positions));
                    block.cross.text_keys(ctx, lease, keep.projected, made.text_kv.back());
                });
        }
        if constexpr (Config::numbers > 0) {
            made.numbers = made.held.template take<A, dynamic, D>(frames);
            conditions.embed_numbers(ctx, w, in, made.numbers, keep);
        }
        if constexpr (Config::super_resolution) {
            made.low_time = made.held.template take<A, dynamic, D>(frames);
            conditions.embed_low(ctx, w, in, made.low_time, keep);
            made.upsampled =
                made.held.template take<T, dynamic, F, Config::height, Config::width, Config::channels>(made.samples);
            tokens.upsample(ctx, w, in, made.upsampled,
                            typename token_embedding<Config>::template saved<T>(ctx.arena, made.samples));
        }
        return made;
    }

    /// Assigns the gradients of the inputs where asked; the parameters' are added to what g gives.
    template <class T, class DV, gradient_sink G>
    void backward(auto& ctx, const weights<T>& w, const denoiser_input<accumulate_t<T>, Config>& in,
                  const saved<T>& keep, DV dv, const denoiser_input_gradient<accumulate_t<T>, Config>& din,
                  const G& g) const {
        using A = accumulate_t<T>;
        require(keep.mode != activations::none,
                "backward needs activations: the forward pass was run with activations::none");
        require(is_frozen<G> || keep.mode != activations::input_gradient,
                "gradients of parameters need activations::all or rematerialise: the forward pass was run with "
                "activations::input_gradient");
        const arena::scope scope(ctx.arena);
        const auto c = keep.conditions.of(in);
        const block_condition_gradient<T, D, K> dc{
            ctx.arena.template take<A, dynamic, D>(keep.frames),
            ctx.arena.template take<A, dynamic, K * D>(keep.conditions.base.extent(0)),
            ctx.arena.template take<A, dynamic, D>(keep.text_rows)};
        ops::fill(ctx, dc.s, 0);
        ops::fill(ctx, dc.base, 0);
        ops::fill(ctx, dc.text, 0);
        const auto dh = ctx.arena.template take<A, dynamic, D>(keep.rows);
        ops::fill(ctx, dh, 0);
        final_backward(ctx, w, keep, dv, dh, dc.s, g);

        for (int i = depth - 1; i >= 0; --i)
            blocks.at(i, [&](const auto& block, shift behind) {
                const auto lease = w.block(blocks, i);
                const auto& kept = keep.of(block, i);
                if (keep.mode == activations::rematerialise && i + 1 < depth) {
                    const arena::scope again(ctx.arena);
                    block.forward(ctx, lease, c, keep.stream(i), ctx.arena.template take<A, dynamic, D>(keep.rows),
                                  kept);
                }
                block.backward(ctx, lease, c, keep.stream(i), kept, dh, dc, shifted(g, behind));
                g.ready(i);
            });

        tokens.backward(ctx, w, in, keep.tokens, dh, din, g);
        conditions.backward(ctx, w, in, keep.conditions, dc, din, g);
    }

  private:
    template <class T>
    void final_backward(auto& ctx, const weights<T>& w, const saved<T>& keep, auto dv, auto dh, auto ds,
                        const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const auto dout = ctx.arena.template take<T, dynamic, dims::patch_out>(keep.rows);
        const auto du = ctx.arena.template take<T, dynamic, D>(keep.rows);
        const auto dm = ctx.arena.template take<A, dynamic, 2 * D>(keep.frames);
        ops::patchify<order, dims::patch>(ctx, dv, none{}, dout, 0);
        final.out.backward_parameters(ctx, keep.final_u, dout, g);
        final.out.backward_input(ctx, w, dout, du);
        ops::modulated_norm_grad(ctx, keep.stream(depth), keep.final_modulation, 0, du, dh, dm);
        if constexpr (!is_frozen<decltype(g)>) {
            const auto dm_compute = ctx.arena.template take<T, dynamic, 2 * D>(keep.frames);
            const auto ds_part = ctx.arena.template take<A, dynamic, D>(keep.frames);
            ops::convert(ctx, dm, dm_compute);
            final.adaln.backward_parameters(ctx, keep.conditions.s, dm_compute, g);
            final.adaln.backward_input(ctx, w, dm_compute, ds_part);
            ops::accumulate(ctx, ds_part, ds);
        }
    }
};

} // namespace walt
