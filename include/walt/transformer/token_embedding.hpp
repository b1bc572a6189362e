// From latents to tokens (paper fig. 2, docs/model.md 1.3): channels are concatenated, cut into patches in token order,
// mapped to the model's width, and told their place.
#pragma once

#include "../config/denoiser.hpp"
#include "../nn/latent_upsampler.hpp"
#include "../nn/linear.hpp"
#include "../ops/embedding.hpp"
#include "../ops/patches.hpp"
#include "../ops/pointwise.hpp"
#include "prepared.hpp"

namespace walt {

/// A part that a config may do without.
template <bool Has, class Part> using optional_part = std::conditional_t<Has, Part, nothing>;

template <class Config> struct token_embedding {
    using dims = dimensions<Config>;
    using order = typename dims::order;
    static constexpr int D = dims::hidden, F = dims::frames, P = dims::patch;
    static constexpr bool has_low = Config::super_resolution;

    optional_part<has_low, nn::latent_upsampler<Config::channels>> sr;
    nn::linear<dims::patch_in, D> patch_embed;
    parameter<role::table, init::truncated, dims::tokens, D> pos_space;
    parameter<role::table, init::truncated, F, D> pos_time;

    static constexpr void each(auto& self, auto&& visit) {
        visit("sr", self.sr);
        visit("patch_embed", self.patch_embed);
        visit("pos_space", self.pos_space);
        visit("pos_time", self.pos_time);
    }

    template <class T> struct saved {
        view<T, dynamic, dims::patch_in> patches; // [B F N, p p Cin]
        view<T, dynamic, F, (has_low ? Config::height : 2) / 2, (has_low ? Config::width : 2) / 2, Config::channels>
            low;

        saved(arena& from, std::int64_t batch)
            : patches(from.take<T, dynamic, dims::patch_in>(batch * F * dims::tokens)),
              low(from.take<T, dynamic, F, (has_low ? Config::height : 2) / 2, (has_low ? Config::width : 2) / 2,
                            Config::channels>(has_low ? batch : 0)) {}
    };

    /// up [B, F, H, W, C] (T): the low-resolution latent at full size.
    template <class T>
    void upsample(auto& ctx, const weights<T>& w, const auto& in, auto up, const saved<T>& keep) const {
        ops::convert(ctx, in.low_resolution, keep.low);
        sr.forward(ctx, w, keep.low, up);
    }

    /// h [B F N, D] (A).
    template <class T>
    void forward(auto& ctx, const weights<T>& w, const auto& in, const prepared<T, Config>& given, auto h,
                 const saved<T>& keep) const {
        const auto put = [&](auto from, auto scale, int channel) {
            ops::patchify<order, P>(ctx, from, scale, keep.patches, channel);
        };
        const bool absent =
            (Config::self_conditioning && !in.self_condition) || (Config::frame_prediction && !in.known);
        if (absent) ops::fill(ctx, keep.patches, 0);
        put(in.noisy, none{}, 0);
        if constexpr (Config::self_conditioning)
            if (in.self_condition) put(in.self_condition, none{}, dims::self_condition_at);
        if constexpr (Config::frame_prediction)
            if (in.known) {
                put(in.known, in.mask, dims::known_at);
                ops::patchify_constant<order, P>(ctx, in.mask, keep.patches, dims::mask_at);
            }
        if constexpr (has_low) {
            const arena::scope scope(ctx.arena);
            auto up = given.upsampled;
            if (!given) {
                up =
                    ctx.arena.template take<T, dynamic, F, Config::height, Config::width, Config::channels>(in.batch());
                upsample(ctx, w, in, up, keep);
            }
            put(up, none{}, dims::low_resolution_at);
        }
        patch_embed.forward(ctx, w, keep.patches, h);
        ops::add_positions<order>(ctx, h, w.exact(pos_space), w.exact(pos_time), in.is_image);
    }

    /// From dh [B F N, D] (A) the gradients of the inputs, where asked.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, const auto& in, const saved<T>& keep, auto dh, const auto& din,
                  const auto& g) const {
        const arena::scope scope(ctx.arena);
        ops::add_positions_grad<order>(ctx, dh, in.is_image, g(pos_space), g(pos_time));
        const auto dh_compute = ctx.arena.template take<T, dynamic, D>(dh.extent(0));
        ops::convert(ctx, dh, dh_compute);
        patch_embed.backward_parameters(ctx, keep.patches, dh_compute, g);
        if (!has_low && !din.noisy && !din.self_condition && !din.known) return;
        const auto dpatches = ctx.arena.template take<T, dynamic, dims::patch_in>(dh.extent(0));
        patch_embed.backward_input(ctx, w, dh_compute, dpatches);
        const auto take = [&](int channel, auto scale, auto to) {
            ops::unpatchify<order, P>(ctx, dpatches, channel, scale, to);
        };
        if (din.noisy) take(0, none{}, din.noisy);
        if constexpr (Config::self_conditioning)
            if (din.self_condition) take(dims::self_condition_at, none{}, din.self_condition);
        if constexpr (Config::frame_prediction)
            if (din.known && in.known) take(dims::known_at, in.mask, din.known);
        if constexpr (has_low) {
            const auto dup =
                ctx.arena.template take<T, dynamic, F, Config::height, Config::width, Config::channels>(in.batch());
            take(dims::low_resolution_at, none{}, dup);
            sr.backward(ctx, w, keep.low, dup, din.low_resolution, g);
        }
    }
};

} // namespace walt
