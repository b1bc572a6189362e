// The encoder of T5 v1.1 (Raffel et al., JMLR 2020, and its revision with gated MLPs; docs/model.md 22.1): the paper's
// text encoder. Its parameters have Hugging Face's names.
#pragma once

#include "../nn/linear.hpp"
#include "../ops/embedding.hpp"
#include "../ops/gated_activation.hpp"
#include "../ops/row_norm.hpp"
#include "../ops/text_attention.hpp"
#include "network_sizes.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace walt {

/// Config of a t5: derive and change what differs. As it stands it is t5-v1_1-small.
struct t5_config {
    static constexpr int layers = 8, width = 512, heads = 6, head_dim = 64, ff = 1024; ///< ff: the MLP's width
    static constexpr int vocabulary = 32128; ///< rows of the embedding, more than the tokenizer has
    static constexpr int buckets = 32;       ///< of distances: half for keys before the query, half for those behind
    static constexpr int max_distance = 128; ///< from which on all have one bucket
    static constexpr double epsilon = 1e-6;  ///< of the norms
};

namespace presets {
using t5_v1_1_small = t5_config;
struct t5_v1_1_base : t5_config {
    static constexpr int layers = 12, width = 768, heads = 12, ff = 2048;
};
struct t5_v1_1_large : t5_config {
    static constexpr int layers = 24, width = 1024, heads = 16, ff = 2816;
};
/// The paper's text encoder: 1.22 billion parameters.
struct t5_v1_1_xl : t5_config {
    static constexpr int layers = 24, width = 2048, heads = 32, ff = 5120;
};
struct t5_v1_1_xxl : t5_config {
    static constexpr int layers = 24, width = 4096, heads = 64, ff = 10240;
};
} // namespace presets

namespace rules {
template <int Buckets, int Distance> constexpr bool t5_buckets() {
    constexpr bool holds = Buckets >= 4 && Buckets % 4 == 0 && Distance > Buckets / 4;
    static_assert(holds, "a T5 needs a multiple of 4 buckets, and a max_distance beyond a quarter of them");
    return holds;
}
} // namespace rules

/// The row of T5's bias table for a key that lies `offset` behind the query (before it where that is negative): each
/// near distance has a row, and far ones share rows by their logarithm.
inline std::int32_t t5_bucket(std::int64_t offset, int buckets, int max_distance) {
    const int half = buckets / 2, exact = half / 2;
    const std::int64_t distance = offset < 0 ? -offset : offset;
    std::int64_t bucket = distance;
    if (distance >= exact) { // in float, as its authors have it: a distance on a boundary falls where theirs does
        const float share = std::log(static_cast<float>(distance) / static_cast<float>(exact)) /
                            static_cast<float>(std::log(static_cast<double>(max_distance) / exact));
        bucket = std::min<std::int64_t>(half - 1,
                                        exact + static_cast<std::int64_t>(share * static_cast<float>(half - exact)));
    }
    return static_cast<std::int32_t>(bucket + (offset > 0 ? half : 0));
}

template <class Config> struct t5 {
    using config_type = Config;
    static constexpr int D = Config::width, heads = Config::heads, inner = heads * Config::head_dim, F = Config::ff;
    static_assert(rules::t5_buckets<Config::buckets, Config::max_distance>() &&
                  rules::text_network_sizes<Config::layers, D, heads, Config::head_dim, F, Config::vocabulary>());
    static constexpr int vocabulary = Config::vocabulary, width = D;
    static constexpr int most_tokens = 1 << 13; ///< there is no table of positions

    struct block {
        template <int In, int Out> using map = nn::projection<In, Out, init::truncated_fan_in>;
        nn::norm_weight<D> attention_norm;
        map<D, inner> q, k, v;
        map<inner, D> o;
        nn::norm_weight<D> mlp_norm;
        map<D, F> gate, up;
        map<F, D> down;

        static constexpr void each(auto& self, auto&& visit) {
            visit("layer.0.layer_norm", self.attention_norm);
            visit("layer.0.SelfAttention.q", self.q);
            visit("layer.0.SelfAttention.k", self.k);
            visit("layer.0.SelfAttention.v", self.v);
            visit("layer.0.SelfAttention.o", self.o);
            visit("layer.1.layer_norm", self.mlp_norm);
            visit("layer.1.DenseReluDense.wi_0", self.gate);
            visit("layer.1.DenseReluDense.wi_1", self.up);
            visit("layer.1.DenseReluDense.wo", self.down);
        }

        /// h [S M, D] += attention of norm(h), then += MLP of norm(h).
        template <class T> void forward(auto& ctx, const weights<T>& w, auto bias, auto valid, auto h) const {
            using A = accumulate_t<T>;
            const std::int64_t rows = h.extent(0);
            const arena::scope scope(ctx.arena);
            const auto u = ctx.arena.template take<T, dynamic, D>(rows);
            const auto y = ctx.arena.template take<A, dynamic, D>(rows);
            {
                const arena::scope attention(ctx.arena);
                const auto take = [&] { return ctx.arena.template take<T, dynamic, inner>(rows); };
                const auto queries = take(), keys = take(), values = take(), mixed = take();
                norm(ctx, w, h, attention_norm, u);
                q.forward(ctx, w, u, queries);
                k.forward(ctx, w, u, keys);
                v.forward(ctx, w, u, values);
                ops::text_attention<heads>(ctx, queries, keys, values, 1, bias, valid, mixed); // 1 / sqrt(dh) is in q
                o.forward(ctx, w, mixed, y);
                ops::accumulate(ctx, y, h);
            }
            const auto open = ctx.arena.template take<T, dynamic, F>(rows),
                       through = ctx.arena.template take<T, dynamic, F>(rows);
            norm(ctx, w, h, mlp_norm, u);
            gate.forward(ctx, w, u, open);
            up.forward(ctx, w, u, through);
            ops::gated_activation<activation::gelu>(ctx, open, through, through);
            down.forward(ctx, w, through, y);
            ops::accumulate(ctx, y, h);
        }
    };

    nn::embedding<vocabulary, D> shared;
    nn::named_weight<parameter<role::table, init::normal, Config::buckets, heads>> relative; // layer 0's, of all
    repeat<Config::layers, block> blocks;
    nn::norm_weight<D> final_norm;

    static constexpr void each(auto& self, auto&& visit) {
        visit("shared", self.shared);
        visit("encoder.block.0.layer.0.SelfAttention.relative_attention_bias", self.relative);
        visit("encoder.block", self.blocks);
        visit("encoder.final_layer_norm", self.final_norm);
    }
    /// Of a file with more than this network: the decoder's tensors, and the embedding under its second name.
    static bool leaves_out(std::string_view name) {
        return name.starts_with("decoder.") || name == "lm_head.weight" || name == "encoder.embed_tokens.weight";
    }

    /// y [S M, D]: the last hidden states of S texts of M tokens, ids [S M] and valid [S, M]; zeros where not valid.
    template <class T>
    void forward(auto& ctx, const weights<T>& w, view<const std::int32_t, dynamic> ids,
                 view<const std::uint8_t, dynamic, dynamic> valid, view<accumulate_t<T>, dynamic, D> y) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const std::int64_t M = valid.extent(1);
        std::vector<std::int32_t> rows; // of the table, by key - query
        for (std::int64_t offset = 1 - M; offset < M; ++offset)
            rows.push_back(t5_bucket(offset, Config::buckets, Config::max_distance));
        const auto bias = ctx.arena.template take<A, dynamic, heads>(2 * M - 1);
        ops::fill(ctx, bias, 0);
        ops::add_rows(ctx, w.exact(relative.weight), to_device<std::int32_t>(ctx, rows), bias);

        const auto h = ctx.arena.template take<A, dynamic, D>(ids.extent(0));
        ops::fill(ctx, h, 0);
        ops::add_rows(ctx, w.exact(shared.weight), ids, h);
        for (int i = 0; i < Config::layers; ++i)
            blocks.at(i, [&](const block& one, shift) {
                const auto lease = w.block(blocks, i);
                one.forward(ctx, lease, bias, valid, h);
            });
        norm(ctx, w, h, final_norm, y);
        const auto zeros = ctx.arena.template take<A, D>();
        ops::fill(ctx, zeros, 0);
        ops::valid_rows(ctx, y, valid.template as<dynamic>(valid.size()), zeros, y);
    }

  private:
    static void norm(auto& ctx, const auto& w, auto x, const nn::norm_weight<D>& by, auto y) {
        ops::row_norm<row_norm::root_mean_square>(ctx, x, w.exact(by.weight), none{}, Config::epsilon, y);
    }
};

} // namespace walt
