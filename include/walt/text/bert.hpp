// The encoder of BERT (Devlin et al., NAACL 2019; docs/model.md 22.2), as MiniLM has it. Its parameters have Hugging
// Face's names.
#pragma once

#include "../nn/linear.hpp"
#include "../ops/embedding.hpp"
#include "../ops/row_norm.hpp"
#include "../ops/text_attention.hpp"
#include "network_sizes.hpp"

#include <cmath>
#include <string_view>
#include <vector>

namespace walt {

namespace activation {
/// x times the share of a standard normal below x: what BERT was trained with. The tables of docs/model.md call the
/// other form, by tanh, GELU.
struct exact_gelu {
    template <class A> WALT_HD static A below(A x) { return A(0.5) * (A(1) + std::erf(x * A(0.7071067811865476))); }
    template <class A> WALT_HD static A value(A x) { return x * below(x); }
    template <class A> WALT_HD static A slope(A x) {
        return below(x) + x * A(0.3989422804014327) * std::exp(A(-0.5) * x * x);
    }
};
} // namespace activation

/// Config of a bert: derive and change what differs. As it stands it is bert-base-uncased.
struct bert_config {
    static constexpr int layers = 12, width = 768, heads = 12, ff = 3072; ///< ff: the MLP's width
    static constexpr int vocabulary = 30522, positions = 512;
    static constexpr double epsilon = 1e-12; ///< of the norms
};

namespace presets {
/// all-MiniLM-L6-v2 (Wang et al., NeurIPS 2020; sentence-transformers, Apache-2.0): 22.6 million parameters.
/// scripts/get_minilm fetches it.
struct minilm_l6 : bert_config {
    static constexpr int layers = 6, width = 384, ff = 1536;
};
} // namespace presets

template <class Config> struct bert {
    using config_type = Config;
    static constexpr int D = Config::width, heads = Config::heads, F = Config::ff;
    static_assert(rules::heads_divide_width<D, heads>() &&
                  rules::text_network_sizes<Config::layers, D, heads, D / heads, F, Config::vocabulary>());
    static constexpr int vocabulary = Config::vocabulary, width = D, most_tokens = Config::positions;

    struct norm {
        parameter<role::norm, init::one, D> weight;
        parameter<role::norm, init::zero, D> bias;
        static constexpr void each(auto& self, auto&& visit) {
            visit("weight", self.weight);
            visit("bias", self.bias);
        }
        /// h becomes its norm, in both types.
        void forward(auto& ctx, const auto& w, auto h, auto u) const {
            ops::row_norm<row_norm::layer>(ctx, h, w.exact(weight), w.exact(bias), Config::epsilon, h);
            ops::convert(ctx, h, u);
        }
    };

    struct block {
        nn::linear<D, D> q, k, v, o;
        norm attention_norm;
        nn::linear<D, F> up;
        nn::linear<F, D> down;
        norm mlp_norm;

        static constexpr void each(auto& self, auto&& visit) {
            visit("attention.self.query", self.q);
            visit("attention.self.key", self.k);
            visit("attention.self.value", self.v);
            visit("attention.output.dense", self.o);
            visit("attention.output.LayerNorm", self.attention_norm);
            visit("intermediate.dense", self.up);
            visit("output.dense", self.down);
            visit("output.LayerNorm", self.mlp_norm);
        }

        /// h [S M, D], and u, the same in the compute type: h = norm(h + attention of h), then norm(h + MLP of h).
        template <class T> void forward(auto& ctx, const weights<T>& w, auto valid, auto h, auto u) const {
            using A = accumulate_t<T>;
            const std::int64_t rows = h.extent(0);
            const arena::scope scope(ctx.arena);
            const auto y = ctx.arena.template take<A, dynamic, D>(rows);
            {
                const arena::scope attention(ctx.arena);
                const auto take = [&] { return ctx.arena.template take<T, dynamic, D>(rows); };
                const auto queries = take(), keys = take(), values = take(), mixed = take();
                q.forward(ctx, w, u, queries);
                k.forward(ctx, w, u, keys);
                v.forward(ctx, w, u, values);
                ops::text_attention<heads>(ctx, queries, keys, values, 1 / std::sqrt(static_cast<double>(D / heads)),
                                           none{}, valid, mixed);
                o.forward(ctx, w, mixed, y);
            }
            ops::accumulate(ctx, y, h);
            attention_norm.forward(ctx, w, h, u);
            const auto inner = ctx.arena.template take<T, dynamic, F>(rows);
            up.forward(ctx, w, u, inner);
            ops::activate<activation::exact_gelu>(ctx, inner, inner);
            down.forward(ctx, w, inner, y);
            ops::accumulate(ctx, y, h);
            mlp_norm.forward(ctx, w, h, u);
        }
    };

    nn::embedding<vocabulary, D> words;
    nn::named_weight<parameter<role::table, init::normal, Config::positions, D>> places;
    nn::embedding<2, D> types; // of two texts side by side; walt has one
    norm embedding_norm;
    repeat<Config::layers, block> blocks;

    static constexpr void each(auto& self, auto&& visit) {
        visit("embeddings.word_embeddings", self.words);
        visit("embeddings.position_embeddings", self.places);
        visit("embeddings.token_type_embeddings", self.types);
        visit("embeddings.LayerNorm", self.embedding_norm);
        visit("encoder.layer", self.blocks);
    }
    /// Of a file with more than this network: the pooler, and the numbers of positions.
    static bool leaves_out(std::string_view name) {
        return name.starts_with("pooler.") || name == "embeddings.position_ids";
    }

    /// y [S M, D]: the last hidden states of S texts of M tokens, ids [S M] and valid [S, M]; zeros where not valid.
    template <class T>
    void forward(auto& ctx, const weights<T>& w, view<const std::int32_t, dynamic> ids,
                 view<const std::uint8_t, dynamic, dynamic> valid, view<accumulate_t<T>, dynamic, D> y) const {
        const arena::scope scope(ctx.arena);
        const std::int64_t rows = ids.extent(0), M = valid.extent(1);
        std::vector<std::int32_t> place, first(static_cast<std::size_t>(rows));
        for (std::int64_t r = 0; r < rows; ++r) place.push_back(static_cast<std::int32_t>(r % M));
        ops::fill(ctx, y, 0);
        ops::add_rows(ctx, w.exact(words.weight), ids, y);
        ops::add_rows(ctx, w.exact(types.weight), to_device<std::int32_t>(ctx, first), y);
        ops::add_rows(ctx, w.exact(places.weight), to_device<std::int32_t>(ctx, place), y);
        const auto u = ctx.arena.template take<T, dynamic, D>(rows);
        embedding_norm.forward(ctx, w, y, u);
        for (int i = 0; i < Config::layers; ++i)
            blocks.at(i, [&](const block& one, shift) {
                const auto lease = w.block(blocks, i);
                one.forward(ctx, lease, valid, y, u);
            });
        const auto zeros = ctx.arena.template take<accumulate_t<T>, D>();
        ops::fill(ctx, zeros, 0);
        ops::valid_rows(ctx, y, valid.template as<dynamic>(valid.size()), zeros, y);
    }
};

} // namespace walt
