// The tokenizer's decoder: latents to pixels (docs/model.md 3).
#pragma once

#include "../nn/adanorm.hpp"
#include "parts.hpp"

#include <optional>

namespace walt {

/// A norm that looks at the latent, residual blocks, then the upsampling to the level above; none behind level 0.
template <class Dims, int Level> struct decoder_level : level_name<Level> {
    static constexpr int In = Dims::channels(Level + 1), C = Dims::channels(Level);
    static constexpr int block = 2 * Dims::levels + 1 - Level; ///< a sink's ready(block): as tokenizer_network counts
    static constexpr bool has_up = Level > 0;
    using adanorm_part = nn::adanorm<In, Dims::latent, Dims::groups(In)>;
    using blocks_part = tokenizer_blocks<Dims, In, C>;
    static constexpr int above = has_up ? Level - 1 : 0;
    using up_part = nn::upsample<C, Dims::time_stride(above), Dims::around(), Dims::space_stride(above)>;

    adanorm_part adanorm;
    blocks_part blocks;
    std::conditional_t<has_up, up_part, nothing> up;

    static constexpr void each(auto& self, auto&& visit) {
        visit("adanorm", self.adanorm);
        visit("blocks", self.blocks);
        visit("up", self.up);
    }

    template <class T> struct saved {
        using A = accumulate_t<T>;
        activations kept;
        typename adanorm_part::template saved<T> adanorm;
        video_view<A, In> normed; // what the blocks see: x itself in inference; made again where it is not kept
        typename blocks_part::template saved<T> blocks;
        std::optional<typename up_part::template saved<T>> up;
        video_view<A, C> up_output;

        saved(arena& from, const video_view<A, In>& x, const passage& how)
            : kept(how.kept), adanorm(from, size_of(x), Dims::time_factor(Level), how.of.begins()),
              normed(kept == activations::all || kept == activations::input_gradient
                         ? size_of(x).template take<A, In>(from)
                         : x),
              blocks(from, normed, how) {
            if constexpr (has_up) {
                up.emplace(from, blocks.size, how);
                up_output = up_part::after(blocks.size, how.of.begins()).template take<A, C>(from);
            }
        }
        const video_view<A, C>& output() const { return has_up ? up_output : blocks.output(); }
    };

    /// x is overwritten in inference.
    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto x, const auto& latent, const saved<T>& keep) const {
        const arena::scope scope(ctx.arena);
        const auto normed = room_for_normed(ctx, keep);
        adanorm.forward(ctx, w, x, latent, normed, keep.adanorm);
        blocks.forward(ctx, w, normed, keep.blocks);
        if constexpr (has_up) up.forward(ctx, w, keep.blocks.output(), keep.up_output, *keep.up);
    }

    /// dx is assigned and is not dy, which is used up; dlatent is added to.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const auto& latent, const saved<T>& keep, auto dy, auto dx,
                  const auto& dlatent, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto normed = room_for_normed(ctx, keep);
        if (keep.kept == activations::rematerialise) adanorm.forward(ctx, w, x, latent, normed, keep.adanorm);
        if constexpr (!has_up) blocks.backward(ctx, w, normed, keep.blocks, dy, dx, g);
        else if constexpr (In == C) { // the blocks work where dx lies
            up.backward(ctx, w, keep.blocks.output(), *keep.up, dy, dx, g);
            blocks.backward_in_place(ctx, w, normed, keep.blocks, dx, g);
        } else {
            const auto dblocks = size_of(x).template take<accumulate_t<T>, C>(ctx.arena);
            up.backward(ctx, w, keep.blocks.output(), *keep.up, dy, dblocks, g);
            blocks.backward(ctx, w, normed, keep.blocks, dblocks, dx, g);
        }
        adanorm.backward(ctx, w, x, latent, keep.adanorm, dx, dx, dlatent, g);
    }

  private:
    template <class T> static auto room_for_normed(auto& ctx, const saved<T>& keep) {
        return keep.kept == activations::rematerialise ? keep.blocks.size.template take<accumulate_t<T>, In>(ctx.arena)
                                                       : keep.normed;
    }
};

/// x [B, F, H, W, in_channels] = decoder(z [B, f, h, w, c]), both float32 (A).
template <class Dims, class Level = std::make_index_sequence<static_cast<std::size_t>(Dims::levels)>> struct decoder;

template <class Dims, std::size_t... Level> struct decoder<Dims, std::index_sequence<Level...>> {
    static constexpr int first = Dims::channels(Dims::levels), last = Dims::channels(0);
    using levels_part = nn::chain<decoder_level<Dims, Dims::levels - 1 - static_cast<int>(Level)>...>; // down to 0
    using middle_part = tokenizer_middle<Dims>;
    using out_part = nn::norm_silu_conv3d<last, Dims::in_channels, Dims::norm_groups, Dims::around()>;

    tokenizer_conv<Dims, Dims::latent, first, true> stem;
    middle_part mid;
    levels_part levels;
    out_part out;

    static constexpr void each(auto& self, auto&& visit) {
        visit("stem", self.stem);
        visit("mid", self.mid);
        visit("levels", self.levels);
        visit("norm", self.out.norm);
        visit("out", self.out.out);
    }

    /// What a pass keeps, taken from the arena: whoever makes one opens an arena::scope around it. size: of z.
    template <class T> struct saved {
        video_size size;
        nn::compute_copy<T, Dims::latent> latent;
        nn::latent_frame_statistics<accumulate_t<T>, Dims::latent> statistics;
        video_view<accumulate_t<T>, first> stem;
        typename decltype(middle_part::blocks)::template saved<T> mid;
        typename levels_part::template saved<T> levels;
        typename out_part::template saved<T> out;

        saved(arena& from, const video_size& z, const passage& how)
            : size(z), latent(from, size, how), statistics(from, size.batch * size.frames),
              stem(size.template take<accumulate_t<T>, first>(from)), mid(from, stem, how),
              levels(from, mid.output(), how), out(from, size_of(levels.output()), how) {}
        /// Whether the latents begin their video.
        bool begins() const { return latent.of.begins(); }
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto z, auto x, const saved<T>& keep) const {
        const arena::scope scope(ctx.arena);
        ops::latent_statistics(ctx, z, keep.statistics.mean, keep.statistics.deviation);
        stem.forward(ctx, w, keep.latent.forward(ctx, z), keep.stem, keep.latent.of);
        mid.blocks.forward(ctx, w, keep.stem, keep.mid);
        levels.forward(keep.mid.output(), keep.levels, [&](const auto& level, auto y, const auto& kept) {
            level.forward(ctx, w, y, keep.statistics, kept);
        });
        out.forward(ctx, w, keep.levels.output(), x, keep.out);
    }

    /// Adds to the parameters' gradients; dz (A) is assigned, or none{}.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto z, const saved<T>& keep, auto dx, auto dz, const auto& g) const {
        using A = accumulate_t<T>;
        const arena::scope scope(ctx.arena);
        const nn::latent_frame_statistics<A, Dims::latent> dstatistics(ctx.arena, keep.size.batch * keep.size.frames);
        ops::fill(ctx, dstatistics.mean, 0);
        ops::fill(ctx, dstatistics.deviation, 0);
        const auto dlevels = size_of(keep.levels.output()).template take<A, last>(ctx.arena);
        const auto dmid = keep.size.template take<A, first>(ctx.arena);
        out.backward(ctx, w, keep.levels.output(), keep.out, dx, dlevels, g);
        levels.backward(ctx, keep.mid.output(), keep.levels, dlevels, dmid,
                        [&](const auto& level, auto y, const auto& kept, auto dy, auto dlevel) {
                            level.backward(ctx, w, y, keep.statistics, kept, dy, dlevel, dstatistics, g);
                            g.ready(level.block);
                        });
        mid.blocks.backward_in_place(ctx, w, keep.stem, keep.mid, dmid, g);
        g.ready(Dims::levels + 1);
        const auto dstem_compute = keep.size.template take<T, first>(ctx.arena);
        ops::convert(ctx, dmid, dstem_compute);
        stem.backward_parameters(ctx, w, keep.latent.backward(ctx, z), dstem_compute, g, keep.latent.of);
        if constexpr (!is_none<decltype(dz)>) {
            stem.backward_input(ctx, w, dstem_compute, dz, keep.latent.of);
            ops::latent_statistics_grad(ctx, z, keep.statistics.mean, keep.statistics.deviation, dstatistics.mean,
                                        dstatistics.deviation, dz);
        }
    }
};

} // namespace walt
