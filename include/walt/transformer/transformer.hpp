// The whole denoiser network (paper fig. 2, spec 1): latents, steps and conditions in, v out.
#pragma once

#include "../config/denoiser.hpp"
#include "../core/activations.hpp"
#include "../nn/conditioning.hpp"
#include "../nn/latent_upsampler.hpp"
#include "../ops/patches.hpp"
#include "block.hpp"

#include <optional>
#include <vector>

namespace walt {

/// What the network is asked about: B samples, each a video or a stack of F images (spec 1.2). A is float or double.
/// Views that the config does not use stay empty; an empty self_condition, known or mask is zeros.
template <class A, class Config> struct denoiser_input {
    static constexpr int F = Config::frames, H = Config::height, W = Config::width, C = Config::channels;
    using latent = view<const A, dynamic, F, H, W, C>;

    latent noisy;                                              // [B, F, H, W, C]: z_t
    view<const std::int32_t, dynamic> step;                    // [B F], 0 .. 999
    view<const std::uint8_t, dynamic> is_image;                // [B]
    view<const std::int32_t, dynamic> label;                   // [B F], classes is the null class
    latent self_condition;                                     // [B, F, H, W, C]: the estimate of x0
    latent known;                                              // [B, F, H, W, C]: clean latents of frame prediction
    view<const A, dynamic> mask;                               // [B F]: 1 where `known` is given
    view<const A, dynamic, Config::text_dim> text;             // [S M, Dt]: S texts of M positions
    view<const std::int32_t, dynamic> text_row;                // [B F]: which text a frame has
    view<const std::uint8_t, dynamic> text_valid;              // [S M]
    view<const A, dynamic, F, H / 2, W / 2, C> low_resolution; // [B, F, H/2, W/2, C]
    view<const std::int32_t, dynamic> low_resolution_step;     // [B]

    std::int64_t batch() const { return noisy.extent(0); }
};

/// Where backward writes the gradients of the inputs; empty views are left out.
template <class A, class Config> struct denoiser_input_gradient {
    view<A, dynamic, Config::frames, Config::height, Config::width, Config::channels> noisy, self_condition, known;
    view<A, dynamic, Config::text_dim> text;
    view<A, dynamic, Config::frames, Config::height / 2, Config::width / 2, Config::channels> low_resolution;
};

template <class Config> struct transformer {
    using dims = dimensions<Config>;
    static constexpr bool config_is_valid = dims::valid; // says a sentence where it is not
    static constexpr int D = dims::hidden, K = dims::chunks, F = dims::frames, depth = dims::depth;
    static constexpr bool has_text = dims::has_text, has_classes = (Config::classes > 0),
                          has_low = Config::super_resolution;
    using cross_part = std::conditional_t<has_text, typename dims::cross, nothing>;
    using even_block = transformer_block<typename dims::even_layer, cross_part, dims::mlp_hidden, Config::adaln_rank>;
    using odd_block = transformer_block<typename dims::odd_layer, cross_part, dims::mlp_hidden, Config::adaln_rank>;
    template <bool Has, class Part> using optional_part = std::conditional_t<Has, Part, nothing>;

    struct final_layer {
        nn::linear<D, 2 * D, init::zero> adaln;
        nn::linear<D, dims::patch_out, init::zero> out;
        static constexpr void each(auto& self, auto&& visit) {
            visit("adaln", self.adaln);
            visit("out", self.out);
        }
    };

    optional_part<has_low, nn::latent_upsampler<Config::channels>> sr;
    nn::linear<dims::patch_in, D> patch_embed;
    parameter<role::table, init::truncated, dims::tokens, D> pos_space;
    parameter<role::table, init::truncated, F, D> pos_time;
    nn::step_embedding<D> time_embed;
    optional_part<has_low, nn::step_embedding<D>> sr_time_embed;
    optional_part<has_classes, nn::embedding<Config::classes + 1, D>> class_embed;
    optional_part<has_text, nn::linear<has_text ? Config::text_dim : 1, D>> text_proj;
    optional_part<(Config::adaln_rank > 0), nn::adaln_base<D, K>> adaln;
    repeat<depth, even_block, odd_block> blocks;
    final_layer final;

    static constexpr void each(auto& self, auto&& visit) {
        visit("sr", self.sr);
        visit("patch_embed", self.patch_embed);
        visit("pos_space", self.pos_space);
        visit("pos_time", self.pos_time);
        visit("time_embed", self.time_embed);
        visit("sr_time_embed", self.sr_time_embed);
        visit("class_embed", self.class_embed);
        visit("text_proj", self.text_proj);
        visit("adaln", self.adaln);
        visit("blocks", self.blocks);
        visit("final", self.final);
    }

    template <class T, bool Has> struct step_saved {
        step_saved(arena&, std::int64_t) {}
    };
    template <class T> struct step_saved<T, true> : nn::step_embedding<D>::template saved<T> {
        using nn::step_embedding<D>::template saved<T>::saved;
    };

    /// What a pass keeps, taken from the arena: whoever makes one opens an arena::scope around it.
    template <class T> struct saved {
        using A = accumulate_t<T>;
        using even_saved = typename even_block::template saved<T>;
        using odd_saved = typename odd_block::template saved<T>;

        activations mode;
        std::int64_t frames, rows, text_rows; // B F, B F N, S M
        view<T, dynamic, dims::patch_in> patches;
        typename nn::step_embedding<D>::template saved<T> time;
        step_saved<T, has_low> low_time;
        view<A, dynamic, D> e;
        view<T, dynamic, D> s;
        view<A, dynamic, K * D> base;
        view<T, dynamic, (has_text ? Config::text_dim : 1)> text;
        view<T, dynamic, D> projected;
        view<T, dynamic, F, (has_low ? Config::height : 2) / 2, (has_low ? Config::width : 2) / 2, Config::channels>
            low;
        std::vector<view<A, dynamic, D>> h; // the residual stream before block i, and behind the last
        std::vector<even_saved> even;       // of blocks 0, 2, ... (one, used again, unless all are kept)
        std::vector<odd_saved> odd;
        view<A, dynamic, 2 * D> final_modulation;
        view<T, dynamic, D> final_u;

        saved(arena& from, std::int64_t batch, std::int64_t text_positions, activations kept)
            : mode(kept), frames(batch * F), rows(frames * dims::tokens), text_rows(has_text ? text_positions : 0),
              patches(from.take<T, dynamic, dims::patch_in>(rows)), time(from, frames), low_time(from, frames),
              e(from.take<A, dynamic, D>(frames)), s(from.take<T, dynamic, D>(frames)),
              base(from.take<A, dynamic, K * D>(Config::adaln_rank > 0 ? frames : 0)),
              text(from.take<T, dynamic, (has_text ? Config::text_dim : 1)>(text_rows)),
              projected(from.take<T, dynamic, D>(text_rows)),
              low(from.take<T, dynamic, F, (has_low ? Config::height : 2) / 2, (has_low ? Config::width : 2) / 2,
                            Config::channels>(has_low ? batch : 0)) {
            const int streams = kept == activations::none ? std::min(2, depth + 1) : depth + 1;
            for (int i = 0; i < streams; ++i) h.push_back(from.take<A, dynamic, D>(rows));
            const int pairs = kept == activations::all || kept == activations::input_gradient ? (depth + 1) / 2 : 1;
            for (int i = 0; i < pairs; ++i) {
                even.emplace_back(from, rows, frames, text_rows);
                if (2 * i + 1 < depth) odd.emplace_back(from, rows, frames, text_rows);
            }
            final_modulation = from.take<A, dynamic, 2 * D>(frames);
            final_u = from.take<T, dynamic, D>(rows);
        }

        view<A, dynamic, D> stream(int i) const {
            return h[static_cast<std::size_t>(mode == activations::none ? i % 2 : i)];
        }
        std::size_t pair(int block) const {
            return mode == activations::all || mode == activations::input_gradient ? static_cast<std::size_t>(block / 2)
                                                                                   : 0;
        }
        template <class Block> const auto& of(const Block&, int i) const {
            if constexpr (std::is_same_v<even_saved, odd_saved>) return i % 2 == 0 ? even[pair(i)] : odd[pair(i)];
            else if constexpr (std::is_same_v<Block, even_block>) return even[pair(i)];
            else return odd[pair(i)];
        }
    };

    /// v [B, F, H, W, C] (A): the network's answer.
    template <class T, class V>
    void forward(auto& ctx, const weights<T>& w, const denoiser_input<accumulate_t<T>, Config>& in, V v,
                 saved<T>& keep) const {
        using order = typename dims::order;
        embed_inputs(ctx, w, in, keep);
        embed_conditions(ctx, w, in, keep);
        const auto c = condition_of(in, keep);

        patch_embed.forward(ctx, w, keep.patches, keep.stream(0));
        ops::add_positions<order>(ctx, keep.stream(0), w.exact(pos_space), w.exact(pos_time), in.is_image);
        for (int i = 0; i < depth; ++i) run_block(ctx, w, c, i, keep);

        final.adaln.forward(ctx, w, keep.s, keep.final_modulation);
        ops::modulated_norm(ctx, keep.stream(depth), keep.final_modulation, 0, keep.final_u);
        const arena::scope scope(ctx.arena);
        const auto out = ctx.arena.template take<accumulate_t<T>, dynamic, dims::patch_out>(keep.rows);
        final.out.forward(ctx, w, keep.final_u, out);
        ops::unpatchify<order, dims::patch>(ctx, out, 0, none{}, v);
    }

    /// Adds to the parameters' gradients; assigns the inputs' where asked.
    template <class T, class DV>
    void backward(auto& ctx, const weights<T>& w, const denoiser_input<accumulate_t<T>, Config>& in, saved<T>& keep,
                  DV dv, const auto& g, const denoiser_input_gradient<accumulate_t<T>, Config>& din = {}) const {
        using A = accumulate_t<T>;
        using order = typename dims::order;
        require(keep.mode != activations::none,
                "backward needs activations: the forward pass was run with activations::none");
        const arena::scope scope(ctx.arena);
        const auto c = condition_of(in, keep);
        const block_condition_gradient<T, D, K> dc{ctx.arena.template take<A, dynamic, D>(keep.frames),
                                                   ctx.arena.template take<A, dynamic, K * D>(keep.base.extent(0)),
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
                block.backward(ctx, lease, c, keep.stream(i), kept, dh, dc, g.shifted(behind));
                g.ready(i);
            });

        ops::add_positions_grad<order>(ctx, dh, in.is_image, g(pos_space), g(pos_time));
        const auto dh_compute = ctx.arena.template take<T, dynamic, D>(keep.rows);
        ops::convert(ctx, dh, dh_compute);
        patch_embed.backward_parameters(ctx, keep.patches, dh_compute, g);
        inputs_backward(ctx, w, in, keep, dh_compute, g, din);
        conditions_backward(ctx, w, in, keep, dc, g, din);
    }

  private:
    template <class T> static block_condition<T, D, K> condition_of(const auto& in, const saved<T>& keep) {
        return {keep.s.read(), keep.base.read(), in.is_image, {keep.projected.read(), in.text_row, in.text_valid}};
    }

    template <class T>
    void run_block(auto& ctx, const weights<T>& w, const auto& c, int i, const saved<T>& keep) const {
        blocks.at(i, [&](const auto& block, shift) {
            const auto lease = w.block(blocks, i);
            block.forward(ctx, lease, c, keep.stream(i), keep.stream(i + 1), keep.of(block, i));
        });
    }

    /// The channel concatenation of spec 1.3, cut into patches in token order.
    template <class T> void embed_inputs(auto& ctx, const weights<T>& w, const auto& in, const saved<T>& keep) const {
        using order = typename dims::order;
        constexpr int P = dims::patch;
        const bool absent =
            (Config::self_conditioning && !in.self_condition) || (Config::frame_prediction && !in.known);
        if (absent) ops::fill(ctx, keep.patches, 0);
        ops::patchify<order, P>(ctx, in.noisy, none{}, keep.patches, 0);
        if constexpr (Config::self_conditioning) {
            if (in.self_condition)
                ops::patchify<order, P>(ctx, in.self_condition, none{}, keep.patches, dims::self_condition_at);
        }
        if constexpr (Config::frame_prediction) {
            if (in.known) {
                ops::patchify<order, P>(ctx, in.known, in.mask, keep.patches, dims::known_at);
                ops::patchify_constant<order, P>(ctx, in.mask, keep.patches, dims::mask_at);
            }
        }
        if constexpr (has_low) {
            const arena::scope scope(ctx.arena);
            const auto up =
                ctx.arena.template take<T, dynamic, F, Config::height, Config::width, Config::channels>(in.batch());
            ops::convert(ctx, in.low_resolution, keep.low);
            sr.forward(ctx, w, keep.low, up);
            ops::patchify<order, P>(ctx, up, none{}, keep.patches, dims::low_resolution_at);
        }
    }

    template <class T>
    void inputs_backward(auto& ctx, const weights<T>& w, const auto& in, const saved<T>& keep, auto dh, const auto& g,
                         const auto& din) const {
        using order = typename dims::order;
        constexpr int P = dims::patch;
        if (!has_low && !din.noisy && !din.self_condition && !din.known) return;
        const auto dpatches = ctx.arena.template take<T, dynamic, dims::patch_in>(keep.rows);
        patch_embed.backward_input(ctx, w, dh, dpatches);
        if (din.noisy) ops::unpatchify<order, P>(ctx, dpatches, 0, none{}, din.noisy);
        if constexpr (Config::self_conditioning) {
            if (din.self_condition)
                ops::unpatchify<order, P>(ctx, dpatches, dims::self_condition_at, none{}, din.self_condition);
        }
        if constexpr (Config::frame_prediction) {
            if (din.known && in.known) ops::unpatchify<order, P>(ctx, dpatches, dims::known_at, in.mask, din.known);
        }
        if constexpr (has_low) {
            const auto dup =
                ctx.arena.template take<T, dynamic, F, Config::height, Config::width, Config::channels>(in.batch());
            ops::unpatchify<order, P>(ctx, dpatches, dims::low_resolution_at, none{}, dup);
            sr.backward(ctx, w, keep.low, dup, din.low_resolution, g);
        }
    }

    /// The conditioning vector s, the shared AdaLN part and the projected text (spec 1.4, 1.5).
    template <class T>
    void embed_conditions(auto& ctx, const weights<T>& w, const auto& in, const saved<T>& keep) const {
        using A = accumulate_t<T>;
        time_embed.forward(ctx, w, in.step, 1, keep.e, keep.time);
        if constexpr (has_classes) ops::add_rows(ctx, w.exact(class_embed.weight), in.label, keep.e);
        if constexpr (has_low) {
            const arena::scope scope(ctx.arena);
            const auto e_low = ctx.arena.template take<A, dynamic, D>(keep.frames);
            sr_time_embed.forward(ctx, w, in.low_resolution_step, F, e_low, keep.low_time);
            ops::accumulate(ctx, e_low, keep.e);
        }
        ops::activate<activation::silu>(ctx, keep.e, keep.s);
        if constexpr (Config::adaln_rank > 0) adaln.base.forward(ctx, w, keep.s, keep.base);
        if constexpr (has_text) {
            ops::convert(ctx, in.text, keep.text);
            text_proj.forward(ctx, w, keep.text, keep.projected);
        }
    }

    template <class T>
    void conditions_backward(auto& ctx, const weights<T>& w, const auto& in, const saved<T>& keep, const auto& dc,
                             const auto& g, const auto& din) const {
        using A = accumulate_t<T>;
        if constexpr (has_text) {
            const auto dprojected = ctx.arena.template take<T, dynamic, D>(keep.text_rows);
            ops::convert(ctx, dc.text, dprojected);
            text_proj.backward_parameters(ctx, keep.text, dprojected, g);
            if (din.text) text_proj.backward_input(ctx, w, dprojected, din.text);
        }
        if constexpr (Config::adaln_rank > 0) {
            const auto dbase = ctx.arena.template take<T, dynamic, K * D>(keep.frames);
            const auto ds_part = ctx.arena.template take<A, dynamic, D>(keep.frames);
            ops::convert(ctx, dc.base, dbase);
            adaln.base.backward_parameters(ctx, keep.s, dbase, g);
            adaln.base.backward_input(ctx, w, dbase, ds_part);
            ops::accumulate(ctx, ds_part, dc.s);
        }
        ops::activate_grad<activation::silu>(ctx, keep.e, dc.s, dc.s); // d e
        if constexpr (has_classes) ops::add_rows_grad(ctx, dc.s, in.label, g(class_embed.weight));
        const auto de = ctx.arena.template take<T, dynamic, D>(keep.frames);
        ops::convert(ctx, dc.s, de);
        time_embed.backward(ctx, w, keep.time, de, g);
        if constexpr (has_low) sr_time_embed.backward(ctx, w, keep.low_time, de, g);
    }

    template <class T>
    void final_backward(auto& ctx, const weights<T>& w, const saved<T>& keep, auto dv, auto dh, auto ds,
                        const auto& g) const {
        using A = accumulate_t<T>;
        using order = typename dims::order;
        const arena::scope scope(ctx.arena);
        const auto dout = ctx.arena.template take<T, dynamic, dims::patch_out>(keep.rows);
        const auto du = ctx.arena.template take<T, dynamic, D>(keep.rows);
        const auto dm = ctx.arena.template take<A, dynamic, 2 * D>(keep.frames);
        const auto dm_compute = ctx.arena.template take<T, dynamic, 2 * D>(keep.frames);
        const auto ds_part = ctx.arena.template take<A, dynamic, D>(keep.frames);
        ops::patchify<order, dims::patch>(ctx, dv, none{}, dout, 0);
        final.out.backward_parameters(ctx, keep.final_u, dout, g);
        final.out.backward_input(ctx, w, dout, du);
        ops::modulated_norm_grad(ctx, keep.stream(depth), keep.final_modulation, 0, du, dh, dm);
        ops::convert(ctx, dm, dm_compute);
        final.adaln.backward_parameters(ctx, keep.s, dm_compute, g);
        final.adaln.backward_input(ctx, w, dm_compute, ds_part);
        ops::accumulate(ctx, ds_part, ds);
    }
};

} // namespace walt
