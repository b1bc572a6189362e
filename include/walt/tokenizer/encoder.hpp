// The tokenizer's encoder: pixels to latents (docs/model.md 3).
#pragma once

#include "parts.hpp"

#include <optional>

namespace walt {

/// Residual blocks, then the downsampling to the next level; none behind the last.
template <class Dims, int Level> struct encoder_level : level_name<Level> {
    static constexpr int In = Dims::channels_into(Level), C = Dims::channels(Level);
    static constexpr int block = Level; ///< a sink's ready(block): as tokenizer_network counts
    static constexpr bool has_down = Level + 1 < Dims::levels;
    using blocks_part = tokenizer_blocks<Dims, In, C>;
    using down_part = nn::downsample<C, Dims::around(Dims::time_stride(Level), Dims::space_stride(Level))>;

    blocks_part blocks;
    std::conditional_t<has_down, down_part, nothing> down;

    static constexpr void each(auto& self, auto&& visit) {
        visit("blocks", self.blocks);
        visit("down", self.down);
    }

    template <class T> struct saved {
        typename blocks_part::template saved<T> blocks;
        std::optional<typename down_part::template saved<T>> down;
        video_view<accumulate_t<T>, C> down_output;

        saved(arena& from, const video_view<accumulate_t<T>, In>& x, const passage& how) : blocks(from, x, how) {
            if constexpr (has_down) {
                down.emplace(from, blocks.size, how);
                down_output = down_part::after(blocks.size, how.of.begins()).template take<accumulate_t<T>, C>(from);
            }
        }
        const video_view<accumulate_t<T>, C>& output() const { return has_down ? down_output : blocks.output(); }
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep) const {
        blocks.forward(ctx, w, x, keep.blocks);
        if constexpr (has_down) down.forward(ctx, w, keep.blocks.output(), keep.down_output, *keep.down);
    }

    /// dx is assigned and is not dy, which is used up.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        if constexpr (!has_down) blocks.backward(ctx, w, x, keep.blocks, dy, dx, g);
        else if constexpr (In == C) { // the blocks work where dx lies
            down.backward(ctx, w, keep.blocks.output(), *keep.down, dy, dx, g);
            blocks.backward_in_place(ctx, w, x, keep.blocks, dx, g);
        } else {
            const auto dblocks = size_of(x).template take<accumulate_t<T>, C>(ctx.arena);
            down.backward(ctx, w, keep.blocks.output(), *keep.down, dy, dblocks, g);
            blocks.backward(ctx, w, x, keep.blocks, dblocks, dx, g);
        }
    }
};

/// z [B, f, h, w, c] = encoder(x [B, F, H, W, in_channels]), both float32 (A).
template <class Dims, class Level = std::make_index_sequence<static_cast<std::size_t>(Dims::levels)>> struct encoder;

template <class Dims, std::size_t... Level> struct encoder<Dims, std::index_sequence<Level...>> {
    static constexpr int first = Dims::channels_into(0), last = Dims::channels(Dims::levels);
    using levels_part = nn::chain<encoder_level<Dims, static_cast<int>(Level)>...>;
    using middle_part = tokenizer_middle<Dims>;
    using out_part = nn::norm_silu_conv3d<last, Dims::latent, Dims::norm_groups, conv_geometry{}>;

    tokenizer_conv<Dims, Dims::in_channels, first, false> stem;
    levels_part levels;
    middle_part mid;
    out_part out;

    static constexpr void each(auto& self, auto&& visit) {
        visit("stem", self.stem);
        visit("levels", self.levels);
        visit("mid", self.mid);
        visit("norm", self.out.norm);
        visit("out", self.out.out);
    }

    /// What a pass keeps, taken from the arena: whoever makes one opens an arena::scope around it. size: of x.
    template <class T> struct saved {
        video_size size;
        nn::compute_copy<T, Dims::in_channels> pixels;
        video_view<accumulate_t<T>, first> stem;
        typename levels_part::template saved<T> levels;
        typename decltype(middle_part::blocks)::template saved<T> mid;
        typename out_part::template saved<T> out;

        saved(arena& from, const video_size& x, const passage& how)
            : size(x), pixels(from, size, how), stem(size.template take<accumulate_t<T>, first>(from)),
              levels(from, stem, how), mid(from, levels.output(), how), out(from, mid.size, how) {}
        /// Whether the pixels begin their video.
        bool begins() const { return pixels.of.begins(); }
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto z, const saved<T>& keep) const {
        const arena::scope scope(ctx.arena);
        stem.forward(ctx, w, keep.pixels.forward(ctx, x), keep.stem, keep.pixels.of);
        levels.forward(keep.stem, keep.levels,
                       [&](const auto& level, auto y, const auto& kept) { level.forward(ctx, w, y, kept); });
        mid.blocks.forward(ctx, w, keep.levels.output(), keep.mid);
        out.forward(ctx, w, keep.mid.output(), z, keep.out);
    }

    /// Adds to the parameters' gradients; dx (A) is assigned, or none{}.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dz, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dmid = keep.mid.size.template take<accumulate_t<T>, last>(ctx.arena);
        const auto dstem = keep.size.template take<accumulate_t<T>, first>(ctx.arena);
        out.backward(ctx, w, keep.mid.output(), keep.out, dz, dmid, g);
        mid.blocks.backward_in_place(ctx, w, keep.levels.output(), keep.mid, dmid, g);
        g.ready(Dims::levels);
        levels.backward(ctx, keep.stem, keep.levels, dmid, dstem,
                        [&](const auto& level, auto y, const auto& kept, auto dy, auto dlevel) {
                            level.backward(ctx, w, y, kept, dy, dlevel, g);
                            g.ready(level.block);
                        });
        const auto dstem_compute = keep.size.template take<T, first>(ctx.arena);
        ops::convert(ctx, dstem, dstem_compute);
        stem.backward_parameters(ctx, w, keep.pixels.backward(ctx, x), dstem_compute, g, keep.pixels.of);
        if constexpr (!is_none<decltype(dx)>) stem.backward_input(ctx, w, dstem_compute, dx, keep.pixels.of);
    }
};

} // namespace walt
