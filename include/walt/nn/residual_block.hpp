// A residual block of the tokenizer, and a level's list of them (docs/model.md 3, Res).
#pragma once

#include "../ops/pointwise.hpp"
#include "conv3d.hpp"
#include "group_norm_silu.hpp"

#include <numeric>
#include <optional>
#include <vector>

namespace walt {

/// What a pass through a network is for: training keeps what backward needs, inference gives memory back as it goes on.
enum class pass { training, inference };

} // namespace walt

namespace walt::nn {

/// y = (x or skip(x)) + conv2(SiLU(GN(conv1(SiLU(GN(x)))))). x and y are float32 (A), what lies between is in T.
template <int In, int Out, int NormGroups> struct residual_block {
    static constexpr bool has_skip = In != Out;
    using norm_in = group_norm_silu<In, std::gcd(NormGroups, In)>;
    using norm_out = group_norm_silu<Out, std::gcd(NormGroups, Out)>;
    using skip_part = std::conditional_t<has_skip, causal_conv3d<In, Out, 1, false>, nothing>;

    norm_in norm1;
    causal_conv3d<In, Out, 3, false> conv1;
    norm_out norm2;
    causal_conv3d<Out, Out, 3, false> conv2;
    skip_part skip;

    static constexpr void each(auto& self, auto&& visit) {
        visit("norm1", self.norm1);
        visit("conv1", self.conv1);
        visit("norm2", self.norm2);
        visit("conv2", self.conv2);
        visit("skip", self.skip);
    }

    template <class T> struct saved {
        typename norm_in::template saved<T> norm1;
        video_view<T, In> active1; // what conv1 sees
        typename norm_out::template saved<T> norm2;
        video_view<T, Out> middle;  // what conv1 gives
        video_view<T, Out> active2; // what conv2 sees; in inference the same memory
        video_view<T, In> input;    // what skip sees
        saved(arena& from, const video_size& size, pass mode)
            : norm1(from, size), active1(size.template take<T, In>(from)), norm2(from, size),
              middle(size.template take<T, Out>(from)),
              active2(mode == pass::training ? size.template take<T, Out>(from) : middle) {
            if constexpr (has_skip) input = size.template take<T, In>(from);
        }
    };

    /// In == Out: y may be x, which saves a copy.
    template <class T>
    void forward(auto& ctx, const weights<T>& w, auto x, auto y, bool in_place, const saved<T>& keep) const {
        norm1.forward(ctx, w, x, keep.active1, keep.norm1);
        conv1.forward(ctx, w, keep.active1, keep.middle);
        norm2.forward(ctx, w, keep.middle, keep.active2, keep.norm2);
        if constexpr (has_skip) {
            ops::convert(ctx, x, keep.input);
            skip.forward(ctx, w, keep.input, y);
        } else if (!in_place) {
            ops::convert(ctx, x, y);
        }
        conv2.forward_add(ctx, w, keep.active2, y);
    }

    /// In == Out: dy becomes dx where it lies, so pass the same view twice. Otherwise dx is assigned.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const video_size size = size_of(x);
        const auto dy_compute = size.template take<T, Out>(ctx.arena);
        const auto dmiddle = size.template take<T, Out>(ctx.arena);
        const auto dactive1 = size.template take<T, In>(ctx.arena);
        ops::convert(ctx, dy, dy_compute);
        conv2.backward_parameters(ctx, keep.active2, dy_compute, g);
        conv2.backward_input(ctx, w, dy_compute, dmiddle);
        norm2.backward(ctx, w, keep.middle, keep.norm2, dmiddle, dmiddle, g);
        conv1.backward_parameters(ctx, keep.active1, dmiddle, g);
        conv1.backward_input(ctx, w, dmiddle, dactive1);
        if constexpr (has_skip) {
            skip.backward_parameters(ctx, keep.input, dy_compute, g);
            skip.backward_input(ctx, w, dy_compute, dx);
        }
        norm1.backward_add(ctx, w, x, keep.norm1, dactive1, dx, g);
    }
};

/// Depth residual blocks, the first of which changes the channels. Depth is a number, not a type.
template <int In, int Out, int Depth, int NormGroups> struct residual_blocks : repeated_part {
    static constexpr int depth = Depth;
    using first_block = residual_block<In, Out, NormGroups>;
    using later_block = residual_block<Out, Out, NormGroups>;

    first_block first;
    later_block later;                 // block 1; block i is this one shifted by i - 1 strides
    shift begin{}, second{}, stride{}; ///< where block 0 begins, where block 1 does, and block 2 behind block 1

    constexpr void place(layout& l) {
        begin = l.end;
        walt::place(first, l);
        second = l.end;
        if constexpr (Depth > 1) {
            const std::size_t before = l.count;
            walt::place(later, l);
            stride = l.end - second;
            l.count += (Depth - 2) * (l.count - before);
            l.end = begin_of(Depth);
        }
    }
    /// Where block i begins; of i = depth, where all end.
    constexpr shift begin_of(int i) const { return i == 0 ? begin : second + static_cast<std::size_t>(i - 1) * stride; }
    /// How far block i lies behind `first` or `later`.
    constexpr shift shift_of(int i) const { return i < 2 ? shift{} : static_cast<std::size_t>(i - 1) * stride; }
    /// Calls use(block i, its shift).
    template <class Use> constexpr void at(int i, Use&& use) const {
        if (i == 0) use(first, shift{});
        else use(later, shift_of(i));
    }

    template <class T> struct saved {
        pass mode;
        video_size size;
        std::vector<video_view<accumulate_t<T>, Out>> stream; // behind each block; one for all of them in inference
        std::optional<typename first_block::template saved<T>> first;
        std::vector<typename later_block::template saved<T>> later;

        /// x: what the first block will see. Inference with In == Out works in place of it.
        saved(arena& from, const video_view<accumulate_t<T>, In>& x, pass kept) : mode(kept), size(size_of(x)) {
            if (mode == pass::inference) {
                if constexpr (In == Out) stream.push_back(x);
                else stream.push_back(size.template take<accumulate_t<T>, Out>(from));
                return;
            }
            first.emplace(from, size, mode);
            stream.push_back(size.template take<accumulate_t<T>, Out>(from));
            for (int i = 1; i < Depth; ++i) {
                later.emplace_back(from, size, mode);
                stream.push_back(size.template take<accumulate_t<T>, Out>(from));
            }
        }
        const video_view<accumulate_t<T>, Out>& output() const { return stream.back(); }
    };

    /// The result is keep.output(). x is the view that `keep` was made with.
    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep) const {
        if (keep.mode == pass::inference) {
            for (int i = 0; i < Depth; ++i) {
                const arena::scope scope(ctx.arena);
                if (i == 0)
                    first.forward(ctx, w.block(*this, 0), x, keep.output(), In == Out,
                                  typename first_block::template saved<T>(ctx.arena, keep.size, keep.mode));
                else
                    later.forward(ctx, w.block(*this, i), keep.output(), keep.output(), true,
                                  typename later_block::template saved<T>(ctx.arena, keep.size, keep.mode));
            }
            return;
        }
        first.forward(ctx, w.block(*this, 0), x, keep.stream[0], false, *keep.first);
        for (int i = 1; i < Depth; ++i) {
            const auto at = static_cast<std::size_t>(i);
            later.forward(ctx, w.block(*this, i), keep.stream[at - 1], keep.stream[at], false, keep.later[at - 1]);
        }
    }

    /// dy is used up. In == Out: it becomes dx where it lies, so pass the same view twice. Otherwise dx is assigned.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx, const auto& g) const {
        require(keep.mode == pass::training,
                "backward needs activations: the forward pass was run with pass::inference");
        for (int i = Depth - 1; i > 0; --i) {
            const auto at = static_cast<std::size_t>(i);
            later.backward(ctx, w.block(*this, i), keep.stream[at - 1], keep.later[at - 1], dy, dy,
                           g.shifted(shift_of(i)));
        }
        first.backward(ctx, w.block(*this, 0), x, *keep.first, dy, dx, g);
    }
};

} // namespace walt::nn
