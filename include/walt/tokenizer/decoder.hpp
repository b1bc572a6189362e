// The tokenizer's decoder: latents to pixels (docs/model.md 3).
#pragma once

#include "../nn/adanorm.hpp"
#include "encoder.hpp"

namespace walt {

/// Everything from a level on to the pixels: the level, then the rest. Levels count down.
template <class Dims, int Level = Dims::levels - 1, bool End = (Level < 0)> struct decoder_levels {
    static constexpr int In = Dims::channels(Level + 1), C = Dims::channels(Level);
    static constexpr bool has_up = Level > 0;
    template <bool HasUp, int L> struct up_part { using type = nothing; };
    template <int L> struct up_part<true, L> { using type = nn::upsample<C, Dims::time_stride(L - 1)>; };
    using adanorm_part = nn::adanorm<In, Dims::latent, Dims::groups(In)>;
    using blocks_part = nn::residual_blocks<In, C, Dims::blocks, Dims::norm_groups>;
    using rest_part = decoder_levels<Dims, Level - 1>;

    struct level_part {
        adanorm_part adanorm;
        blocks_part blocks;
        typename up_part<has_up, Level>::type up;
        static constexpr void each(auto& self, auto&& visit) {
            visit("adanorm", self.adanorm);
            visit("blocks", self.blocks);
            visit("up", self.up);
        }
    };
    level_part level;
    rest_part rest;

    static constexpr void each(auto& self, auto&& visit) {
        visit(level_name<Level>::text, self.level);
        rest_part::each(self.rest, visit);
    }

    /// The size behind this level.
    static constexpr video_size after(const video_size& size) {
        if constexpr (has_up) return decltype(level_part::up)::after(size);
        else return size;
    }

    template <class T> struct saved {
        using A = accumulate_t<T>;
        typename adanorm_part::template saved<T> adanorm;
        video_view<A, In> normed; // what the blocks see; in inference the adaptive norm works in place
        typename blocks_part::template saved<T> blocks;
        video_view<T, C> up_input;
        video_view<A, C> up_output;
        typename rest_part::template saved<T> rest;

        saved(arena& from, const video_view<A, In>& x, pass mode)
            : adanorm(from, size_of(x), Dims::time_factor(Level)),
              normed(mode == pass::training ? size_of(x).template take<A, In>(from) : x), blocks(from, normed, mode),
              up_input(has_up && mode == pass::training ? blocks.size.template take<T, C>(from) : video_view<T, C>()),
              up_output(has_up ? after(blocks.size).template take<A, C>(from) : video_view<A, C>()),
              rest(from, output(), mode) {}
        /// What the rest sees.
        const video_view<A, C>& output() const {
            if constexpr (has_up) return up_output;
            else return blocks.output();
        }
    };

    /// x is overwritten in inference.
    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto x, const auto& latent, auto y, const saved<T>& keep) const {
        level.adanorm.forward(ctx, w, x, latent, keep.normed, keep.adanorm);
        level.blocks.forward(ctx, w, keep.normed, keep.blocks);
        if constexpr (has_up) {
            const arena::scope scope(ctx.arena);
            const bool training = keep.blocks.mode == pass::training;
            const auto input = training ? keep.up_input : keep.blocks.size.template take<T, C>(ctx.arena);
            level.up.forward(ctx, w, keep.blocks.output(), input, keep.up_output);
        }
        rest.forward(ctx, w, keep.output(), latent, y, keep.rest);
    }

    /// dx is assigned, dlatent added to.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const auto& latent, const saved<T>& keep, auto dy, auto dx,
                  const auto& dlatent, const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const auto dblocks = [&] { // In == C: the blocks' gradient becomes dx where it lies
            if constexpr (In == C) return dx;
            else return keep.blocks.size.template take<A, C>(ctx.arena);
        }();
        if constexpr (has_up) {
            const arena::scope wider(ctx.arena);
            const auto dup = size_of(keep.up_output).template take<A, C>(ctx.arena);
            rest.backward(ctx, w, keep.output(), latent, keep.rest, dy, dup, dlatent, g);
            level.up.backward(ctx, w, keep.up_input, dup, dblocks, g);
        } else {
            rest.backward(ctx, w, keep.output(), latent, keep.rest, dy, dblocks, dlatent, g);
        }
        level.blocks.backward(ctx, w, keep.normed, keep.blocks, dblocks, dx, g);
        level.adanorm.backward(ctx, w, x, latent, keep.adanorm, dx, dx, dlatent, g);
    }
};

/// Behind the levels: norm, SiLU, and the convolution to pixels.
template <class Dims, int Level> struct decoder_levels<Dims, Level, true> {
    static constexpr int C = Dims::channels(0);
    using norm_part = nn::group_norm_silu<C, Dims::groups(C)>;
    norm_part norm;
    nn::causal_conv3d<C, Dims::in_channels, 3, true> out;

    static constexpr void each(auto& self, auto&& visit) {
        visit("norm", self.norm);
        visit("out", self.out);
    }

    template <class T> struct saved {
        typename norm_part::template saved<T> norm;
        video_view<T, C> active; // what the last convolution sees
        saved(arena& from, const video_view<accumulate_t<T>, C>& x, pass)
            : norm(from, size_of(x)), active(size_of(x).template take<T, C>(from)) {}
    };

    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto x, const auto&, auto y, const saved<T>& keep) const {
        norm.forward(ctx, w, x, keep.active, keep.norm);
        out.forward(ctx, w, keep.active, y);
    }

    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const auto&, const saved<T>& keep, auto dy, auto dx,
                  const auto&, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dy_compute = size_of(x).template take<T, Dims::in_channels>(ctx.arena);
        const auto dactive = size_of(x).template take<T, C>(ctx.arena);
        ops::convert(ctx, dy, dy_compute);
        out.backward_parameters(ctx, keep.active, dy_compute, g);
        out.backward_input(ctx, w, dy_compute, dactive);
        norm.backward(ctx, w, x, keep.norm, dactive, dx, g);
    }
};

/// x [B, F, H, W, in_channels] = decoder(z [B, f, h, w, c]), both float32 (A).
template <class Dims> struct decoder {
    static constexpr int C = Dims::channels(Dims::levels);
    using mid_part = nn::residual_blocks<C, C, Dims::blocks, Dims::norm_groups>;
    struct middle {
        mid_part blocks;
        static constexpr void each(auto& self, auto&& visit) { visit("blocks", self.blocks); }
    };
    nn::causal_conv3d<Dims::latent, C, 3, true> stem;
    middle mid;
    decoder_levels<Dims> levels;

    static constexpr void each(auto& self, auto&& visit) {
        visit("stem", self.stem);
        visit("mid", self.mid);
        decoder_levels<Dims>::each(self.levels, visit);
    }

    /// What a pass keeps, taken from the arena: whoever makes one opens an arena::scope around it. size: of z.
    template <class T> struct saved {
        video_size size;
        video_view<T, Dims::latent> latent;
        nn::latent_frame_statistics<accumulate_t<T>, Dims::latent> statistics;
        video_view<accumulate_t<T>, C> stem;
        typename mid_part::template saved<T> mid;
        typename decoder_levels<Dims>::template saved<T> levels;
        saved(arena& from, const video_size& of, pass mode)
            : size(of), latent(size.template take<T, Dims::latent>(from)), statistics(from, size.batch * size.frames),
              stem(size.template take<accumulate_t<T>, C>(from)), mid(from, stem, mode),
              levels(from, mid.output(), mode) {}
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto z, auto x, const saved<T>& keep) const {
        ops::latent_statistics(ctx, z, keep.statistics.mean, keep.statistics.deviation);
        ops::convert(ctx, z, keep.latent);
        stem.forward(ctx, w, keep.latent, keep.stem);
        mid.blocks.forward(ctx, w, keep.stem, keep.mid);
        levels.forward(ctx, w, keep.mid.output(), keep.statistics, x, keep.levels);
    }

    /// Adds to the parameters' gradients; dz (A) is assigned, or none{}.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto z, const saved<T>& keep, auto dx, auto dz, const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const nn::latent_frame_statistics<A, Dims::latent> dstatistics(ctx.arena, keep.size.batch * keep.size.frames);
        ops::fill(ctx, dstatistics.mean, 0);
        ops::fill(ctx, dstatistics.deviation, 0);
        const auto dmid = keep.size.template take<A, C>(ctx.arena);
        const auto dstem_compute = keep.size.template take<T, C>(ctx.arena);
        levels.backward(ctx, w, keep.mid.output(), keep.statistics, keep.levels, dx, dmid, dstatistics, g);
        mid.blocks.backward(ctx, w, keep.stem, keep.mid, dmid, dmid, g);
        ops::convert(ctx, dmid, dstem_compute);
        stem.backward_parameters(ctx, keep.latent, dstem_compute, g);
        if constexpr (!is_none<decltype(dz)>) {
            stem.backward_input(ctx, w, dstem_compute, dz);
            ops::latent_statistics_grad(ctx, z, keep.statistics.mean, keep.statistics.deviation, dstatistics.mean,
                                        dstatistics.deviation, dz);
        }
    }
};

} // namespace walt
