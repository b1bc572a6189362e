// The tokenizer's encoder: pixels to latents (docs/model.md 3).
#pragma once

#include "../nn/resample.hpp"
#include "../nn/residual_block.hpp"
#include "config.hpp"

namespace walt {

/// "levels.0" to "levels.9".
template <int Level> struct level_name {
    static_assert(Level >= 0 && Level <= 9, "a tokenizer has at most ten levels");
    static constexpr char text[] = {'l', 'e', 'v', 'e', 'l', 's', '.', static_cast<char>('0' + Level), '\0'};
};

/// Everything from a level on to the latent: the level, then the rest.
template <class Dims, int Level = 0, bool End = Level == Dims::levels> struct encoder_levels {
    static constexpr int In = Dims::channels_into(Level), C = Dims::channels(Level);
    static constexpr bool has_down = Level + 1 < Dims::levels;
    template <bool HasDown, int L> struct down_part { using type = nothing; };
    template <int L> struct down_part<true, L> { using type = nn::downsample<C, Dims::time_stride(L)>; };
    using blocks_part = nn::residual_blocks<In, C, Dims::blocks, Dims::norm_groups>;
    using rest_part = encoder_levels<Dims, Level + 1>;

    struct level_part {
        blocks_part blocks;
        typename down_part<has_down, Level>::type down;
        static constexpr void each(auto& self, auto&& visit) {
            visit("blocks", self.blocks);
            visit("down", self.down);
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
        if constexpr (has_down) return down_part<has_down, Level>::type::geometry.after(size);
        else return size;
    }

    template <class T> struct saved {
        typename blocks_part::template saved<T> blocks;
        video_view<T, C> down_input;
        video_view<accumulate_t<T>, C> down_output;
        typename rest_part::template saved<T> rest;

        saved(arena& from, const video_view<accumulate_t<T>, In>& x, pass mode)
            : blocks(from, x, mode),
              down_input(has_down && mode == pass::training ? blocks.size.template take<T, C>(from)
                                                            : video_view<T, C>()),
              down_output(has_down ? after(blocks.size).template take<accumulate_t<T>, C>(from)
                                   : video_view<accumulate_t<T>, C>()),
              rest(from, output(), mode) {}
        /// What the rest sees.
        const video_view<accumulate_t<T>, C>& output() const {
            if constexpr (has_down) return down_output;
            else return blocks.output();
        }
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto z, const saved<T>& keep) const {
        level.blocks.forward(ctx, w, x, keep.blocks);
        if constexpr (has_down) {
            const arena::scope scope(ctx.arena);
            const bool training = keep.blocks.mode == pass::training;
            const auto input = training ? keep.down_input : keep.blocks.size.template take<T, C>(ctx.arena);
            level.down.forward(ctx, w, keep.blocks.output(), input, keep.down_output);
        }
        rest.forward(ctx, w, keep.output(), z, keep.rest);
    }

    /// dx is assigned.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dz, auto dx, const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const auto dblocks = [&] { // In == C: the blocks' gradient becomes dx where it lies
            if constexpr (In == C) return dx;
            else return keep.blocks.size.template take<A, C>(ctx.arena);
        }();
        if constexpr (has_down) {
            const arena::scope deeper(ctx.arena);
            const auto ddown = size_of(keep.down_output).template take<A, C>(ctx.arena);
            rest.backward(ctx, w, keep.output(), keep.rest, dz, ddown, g);
            level.down.backward(ctx, w, keep.down_input, ddown, dblocks, g);
        } else {
            rest.backward(ctx, w, keep.output(), keep.rest, dz, dblocks, g);
        }
        level.blocks.backward(ctx, w, x, keep.blocks, dblocks, dx, g);
    }
};

/// Behind the levels: the middle, and the map to the latent's channels.
template <class Dims, int Level> struct encoder_levels<Dims, Level, true> {
    static constexpr int C = Dims::channels(Level);
    using mid_part = nn::residual_blocks<C, C, Dims::blocks, Dims::norm_groups>;
    using norm_part = nn::group_norm_silu<C, Dims::groups(C)>;
    struct middle {
        mid_part blocks;
        static constexpr void each(auto& self, auto&& visit) { visit("blocks", self.blocks); }
    };
    middle mid;
    norm_part norm;
    nn::causal_conv3d<C, Dims::latent, 1, true> out;

    static constexpr void each(auto& self, auto&& visit) {
        visit("mid", self.mid);
        visit("norm", self.norm);
        visit("out", self.out);
    }

    template <class T> struct saved {
        typename mid_part::template saved<T> mid;
        typename norm_part::template saved<T> norm;
        video_view<T, C> active; // what the last map sees
        saved(arena& from, const video_view<accumulate_t<T>, C>& x, pass mode)
            : mid(from, x, mode), norm(from, mid.size), active(mid.size.template take<T, C>(from)) {}
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto z, const saved<T>& keep) const {
        mid.blocks.forward(ctx, w, x, keep.mid);
        norm.forward(ctx, w, keep.mid.output(), keep.active, keep.norm);
        out.forward(ctx, w, keep.active, z);
    }

    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dz, auto dx, const auto& g) const {
        {
            const arena::scope scope(ctx.arena);
            const auto dz_compute = keep.mid.size.template take<T, Dims::latent>(ctx.arena);
            const auto dactive = keep.mid.size.template take<T, C>(ctx.arena);
            ops::convert(ctx, dz, dz_compute);
            out.backward_parameters(ctx, keep.active, dz_compute, g);
            out.backward_input(ctx, w, dz_compute, dactive);
            norm.backward(ctx, w, keep.mid.output(), keep.norm, dactive, dx, g);
        }
        mid.blocks.backward(ctx, w, x, keep.mid, dx, dx, g);
    }
};

/// z [B, f, h, w, c] = encoder(x [B, F, H, W, in_channels]), both float32 (A).
template <class Dims> struct encoder {
    static constexpr int C = Dims::channels_into(0);
    nn::causal_conv3d<Dims::in_channels, C, 3, false> stem;
    encoder_levels<Dims> levels;

    static constexpr void each(auto& self, auto&& visit) {
        visit("stem", self.stem);
        encoder_levels<Dims>::each(self.levels, visit);
    }

    /// What a pass keeps, taken from the arena: whoever makes one opens an arena::scope around it. size: of x.
    template <class T> struct saved {
        video_size size;
        video_view<T, Dims::in_channels> pixels;
        video_view<accumulate_t<T>, C> stem;
        typename encoder_levels<Dims>::template saved<T> levels;
        saved(arena& from, const video_size& of, pass mode)
            : size(of), pixels(size.template take<T, Dims::in_channels>(from)),
              stem(size.template take<accumulate_t<T>, C>(from)), levels(from, stem, mode) {}
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto z, const saved<T>& keep) const {
        ops::convert(ctx, x, keep.pixels);
        stem.forward(ctx, w, keep.pixels, keep.stem);
        levels.forward(ctx, w, keep.stem, z, keep.levels);
    }

    /// Adds to the parameters' gradients; dx (A) is assigned, or none{}.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, const saved<T>& keep, auto dz, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dstem = keep.size.template take<accumulate_t<T>, C>(ctx.arena);
        const auto dstem_compute = keep.size.template take<T, C>(ctx.arena);
        levels.backward(ctx, w, keep.stem, keep.levels, dz, dstem, g);
        ops::convert(ctx, dstem, dstem_compute);
        stem.backward_parameters(ctx, keep.pixels, dstem_compute, g);
        if constexpr (!is_none<decltype(dx)>) stem.backward_input(ctx, w, dstem_compute, dx);
    }
};

} // namespace walt
