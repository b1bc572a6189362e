// What a pass is told, as blocks see it (docs/model.md 1.4, 1.5): the conditioning vector s of step, class, numbers and
// low resolution, the part of AdaLN-LoRA that blocks share, and the projected text.
#pragma once

#include "../nn/adaln.hpp"
#include "../nn/conditioning.hpp"
#include "block.hpp"
#include "token_embedding.hpp"

namespace walt {

template <class Config> struct condition_embedding {
    using dims = dimensions<Config>;
    static constexpr int D = dims::hidden, K = dims::chunks, F = dims::frames, N = Config::numbers;
    static constexpr bool has_text = dims::has_text, has_classes = (Config::classes > 0), has_numbers = N > 0,
                          has_low = Config::super_resolution;

    nn::step_embedding<D> time_embed;
    optional_part<has_low, nn::step_embedding<D>> sr_time_embed;
    optional_part<has_classes, nn::embedding<Config::classes + 1, D>> class_embed;
    optional_part<has_numbers, nn::numbers_embedding<has_numbers ? N : 1, D>> numbers;
    optional_part<has_text, nn::linear<has_text ? Config::text_dim : 1, D>> text_proj;
    optional_part<(Config::adaln_rank > 0), nn::adaln_base<D, K>> adaln;

    static constexpr void each(auto& self, auto&& visit) {
        visit("time_embed", self.time_embed);
        visit("sr_time_embed", self.sr_time_embed);
        visit("class_embed", self.class_embed);
        std::remove_cvref_t<decltype(self.numbers)>::each(self.numbers, visit); // its parts have names of their own
        visit("text_proj", self.text_proj);
        visit("adaln", self.adaln);
    }

    template <class Part, class T> struct part_saved : Part::template saved<T> {
        using Part::template saved<T>::saved;
    };
    template <class T> struct part_saved<nothing, T> {
        part_saved(arena&, std::int64_t) {}
    };

    template <class T> struct saved {
        using A = accumulate_t<T>;
        typename nn::step_embedding<D>::template saved<T> time;
        part_saved<decltype(sr_time_embed), T> low_time;
        part_saved<decltype(numbers), T> known_numbers;
        view<A, dynamic, D> e;                                    // [B F, D]
        view<T, dynamic, D> s;                                    // [B F, D]: SiLU of it
        view<A, dynamic, K * D> base;                             // [B F, K D]
        view<T, dynamic, (has_text ? Config::text_dim : 1)> text; // [S M, Dt]
        view<T, dynamic, D> projected;                            // [S M, D]

        saved(arena& from, std::int64_t frames, std::int64_t text_rows)
            : time(from, frames), low_time(from, frames), known_numbers(from, frames),
              e(from.take<A, dynamic, D>(frames)), s(from.take<T, dynamic, D>(frames)),
              base(from.take<A, dynamic, K * D>(Config::adaln_rank > 0 ? frames : 0)),
              text(from.take<T, dynamic, (has_text ? Config::text_dim : 1)>(text_rows)),
              projected(from.take<T, dynamic, D>(text_rows)) {}

        block_condition<T, D, K> of(const auto& in) const {
            return {s.read(), base.read(), in.is_image, {projected.read(), in.text_row, in.text_valid, {}}};
        }
    };

    /// What does not follow the step: terms of e [B F, D] (A), and the projected text.
    template <class T>
    void embed_numbers(auto& ctx, const weights<T>& w, const auto& in, auto e, const saved<T>& keep) const {
        numbers.forward(ctx, w, in.numbers, in.numbers_valid, e, keep.known_numbers);
    }
    template <class T>
    void embed_low(auto& ctx, const weights<T>& w, const auto& in, auto e, const saved<T>& keep) const {
        sr_time_embed.forward(ctx, w, in.low_resolution_step, F, e, keep.low_time);
    }
    template <class T> void project_text(auto& ctx, const weights<T>& w, const auto& in, const saved<T>& keep) const {
        ops::convert(ctx, in.text, keep.text);
        text_proj.forward(ctx, w, keep.text, keep.projected);
    }

    template <class T>
    void forward(auto& ctx, const weights<T>& w, const auto& in, const prepared<T, Config>& given,
                 const saved<T>& keep) const {
        const arena::scope scope(ctx.arena);
        const auto add = [&](auto given_term, auto compute) {
            if (!given) {
                given_term = ctx.arena.template take<accumulate_t<T>, dynamic, D>(keep.e.extent(0));
                compute(given_term);
            }
            ops::accumulate(ctx, given_term, keep.e);
        };
        time_embed.forward(ctx, w, in.step, 1, keep.e, keep.time);
        if constexpr (has_classes) ops::add_rows(ctx, w.exact(class_embed.weight), in.label, keep.e);
        if constexpr (has_numbers) add(given.numbers, [&](auto e) { embed_numbers(ctx, w, in, e, keep); });
        if constexpr (has_low) add(given.low_time, [&](auto e) { embed_low(ctx, w, in, e, keep); });
        ops::activate<activation::silu>(ctx, keep.e, keep.s);
        if constexpr (Config::adaln_rank > 0) adaln.base.forward(ctx, w, keep.s, keep.base);
        if constexpr (has_text)
            if (!given) project_text(ctx, w, in, keep);
    }

    /// From what the blocks found for s, base and the projected text; d of the text, where asked, is assigned.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, const auto& in, const saved<T>& keep, const auto& dc, const auto& din,
                  const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const std::int64_t frames = keep.e.extent(0);
        if constexpr (has_text) {
            const auto dprojected = ctx.arena.template take<T, dynamic, D>(keep.projected.extent(0));
            ops::convert(ctx, dc.text, dprojected);
            text_proj.backward_parameters(ctx, keep.text, dprojected, g);
            if (din.text) text_proj.backward_input(ctx, w, dprojected, din.text);
        }
        if constexpr (is_frozen<decltype(g)>) return; // nothing else here depends on an input that has a gradient
        else {
            if constexpr (Config::adaln_rank > 0) {
                const auto dbase = ctx.arena.template take<T, dynamic, K * D>(frames);
                const auto ds_part = ctx.arena.template take<A, dynamic, D>(frames);
                ops::convert(ctx, dc.base, dbase);
                adaln.base.backward_parameters(ctx, keep.s, dbase, g);
                adaln.base.backward_input(ctx, w, dbase, ds_part);
                ops::accumulate(ctx, ds_part, dc.s);
            }
            ops::activate_grad<activation::silu>(ctx, keep.e, dc.s, dc.s); // d e
            if constexpr (has_classes) ops::add_rows_grad(ctx, dc.s, in.label, g(class_embed.weight));
            const auto de = ctx.arena.template take<T, dynamic, D>(frames);
            ops::convert(ctx, dc.s, de);
            time_embed.backward(ctx, w, keep.time, de, g);
            if constexpr (has_numbers) numbers.backward(ctx, w, in.numbers_valid, keep.known_numbers, dc.s, g);
            if constexpr (has_low) sr_time_embed.backward(ctx, w, keep.low_time, de, g);
        }
    }
};

} // namespace walt
