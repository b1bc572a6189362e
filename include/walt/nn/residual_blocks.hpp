// A level's residual blocks: the first may change the channels, the others are one type repeated (docs/model.md 3).
#pragma once

#include "residual_block.hpp"

#include <optional>
#include <vector>

namespace walt::nn {

/// Depth residual blocks, the first of which changes the channels. Depth is a number, not a type.
template <int In, int Out, int Depth, int NormGroups, conv_geometry Around = conv_geometry::causal({3, 3, 3})>
struct residual_blocks : repeated_part {
    static constexpr int depth = Depth;
    using first_block = residual_block<In, Out, NormGroups, Around>;
    using later_block = residual_block<Out, Out, NormGroups, Around>;

    first_block first;
    repeat<Depth - 1, later_block> later;
    shift begin{}, second{}; ///< where block 0 begins, and block 1

    constexpr void place(layout& l) {
        begin = l.end;
        walt::place(first, l);
        second = l.end;
        walt::place(later, l);
    }
    /// Where block i begins; of i = depth, where all end.
    constexpr shift begin_of(int i) const { return i == 0 ? begin : i == 1 ? second : later.begin_of(i - 1); }
    constexpr shift shift_of(int i) const { return i == 0 ? shift{} : later.shift_of(i - 1); }
    /// Calls use(block i or the one it is like, how far block i lies behind that).
    template <class Use> constexpr void at(int i, Use&& use) const {
        if (i == 0) use(first, shift{});
        else later.at(i - 1, use);
    }

    /// What a pass keeps: nothing but the result in inference, the blocks' inputs alone to rematerialise.
    template <class T> struct saved {
        using stream_view = video_view<accumulate_t<T>, Out>;
        passage how;
        video_size size;
        std::vector<stream_view> stream; // behind each block; one for all of them in inference
        std::optional<typename first_block::template saved<T>> first;
        std::vector<typename later_block::template saved<T>> later;

        /// x: what the first block will see. Inference with In == Out works in place of it.
        saved(arena& from, const video_view<accumulate_t<T>, In>& x, const passage& as) : how(as), size(size_of(x)) {
            const bool blocks = how == activations::all || how == activations::input_gradient;
            for (int i = 0; i < (how == activations::none ? 1 : Depth); ++i) {
                if (blocks && i == 0) first.emplace(from, size, how);
                if (blocks && i > 0) later.emplace_back(from, size, how);
                stream.push_back(result(from, x));
            }
        }
        const stream_view& output() const { return stream.back(); }
        /// What block i > 0 sees.
        const stream_view& input(int i) const { return stream[static_cast<std::size_t>(i - 1)]; }

      private:
        stream_view result(arena& from, const video_view<accumulate_t<T>, In>& x) const {
            if constexpr (In == Out)
                if (how == activations::none) return x;
            return size.template take<accumulate_t<T>, Out>(from);
        }
    };

    /// The result is keep.output(). x is the view that `keep` was made with.
    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep) const {
        for (int i = 0; i < Depth; ++i) {
            const arena::scope scope(ctx.arena);
            const auto lease = w.block(*this, i);
            const bool in_place = keep.how == activations::none;
            const auto& y = in_place ? keep.output() : keep.stream[static_cast<std::size_t>(i)];
            if (i == 0) {
                const auto part = keep.first ? *keep.first : only_now<first_block>(ctx, keep);
                if constexpr (In == Out)
                    if (in_place) {
                        first.forward_in_place(ctx, lease, y, part);
                        continue;
                    }
                first.forward(ctx, lease, x, y, part);
            } else
                later.at(i - 1, [&](const later_block& block, shift) {
                    const auto part = keep.later.empty() ? only_now<later_block>(ctx, keep)
                                                         : keep.later[static_cast<std::size_t>(i - 1)];
                    if (in_place) block.forward_in_place(ctx, lease, y, part);
                    else block.forward(ctx, lease, keep.input(i), y, part);
                });
        }
    }

    /// dx is assigned and is not dy, which is used up.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx, const auto& g) const {
        backward_later(ctx, w, keep, dy, g);
        with_saved(ctx, w, 0, first, keep, x, keep.first ? &*keep.first : nullptr,
                   [&](const auto& lease, const auto& part) { first.backward(ctx, lease, x, part, dy, dx, g); });
    }
    /// The same where dy lies: it becomes dx.
    template <class T>
    void backward_in_place(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, const auto& g) const
        requires(In == Out) {
        backward_later(ctx, w, keep, dy, g);
        with_saved(ctx, w, 0, first, keep, x, keep.first ? &*keep.first : nullptr,
                   [&](const auto& lease, const auto& part) { first.backward_in_place(ctx, lease, x, part, dy, g); });
    }

  private:
    /// Room for one block's pass forward, of which nothing stays.
    template <class Block, class T> static auto only_now(auto& ctx, const saved<T>& keep) {
        return typename Block::template saved<T>(ctx.arena, keep.size, passage{activations::none, keep.how.of});
    }
    /// Calls use(weights of block i, what it kept), which is made again where it was not kept.
    template <class Block, class T, class Kept>
    void with_saved(auto& ctx, const weights<T>& w, int i, const Block& block, const saved<T>& keep, auto x,
                    const Kept* kept, auto&& use) const {
        const arena::scope scope(ctx.arena);
        const auto lease = w.block(*this, i);
        if (kept) return use(lease, *kept);
        const Kept again(ctx.arena, keep.size, keep.how.again(activations::all));
        block.forward_to_conv2(ctx, lease, x, again);
        use(lease, again);
    }
    template <class T>
    void backward_later(auto& ctx, const weights<T>& w, const saved<T>& keep, auto dy, const auto& g) const {
        require(keeps_activations(keep.how),
                "backward needs activations: the forward pass was run with activations::none");
        require(keep.how != activations::input_gradient || !rules::wanted(ctx, g(first.conv1.weight)),
                "a pass with activations::input_gradient keeps nothing for the gradients of weights: run it with "
                "activations::all, or backward with no_gradients");
        for (int i = Depth - 1; i > 0; --i)
            later.at(i - 1, [&](const later_block& block, shift by) {
                const auto* kept = keep.later.empty() ? nullptr : &keep.later[static_cast<std::size_t>(i - 1)];
                with_saved(ctx, w, i, block, keep, keep.input(i), kept, [&](const auto& lease, const auto& part) {
                    block.backward_in_place(ctx, lease, keep.input(i), part, dy, shifted(g, by));
                });
            });
    }
};

} // namespace walt::nn
