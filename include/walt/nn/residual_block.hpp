// A residual block of the tokenizer (docs/model.md 3, Res).
#pragma once

#include "../ops/pointwise.hpp"
#include "conv3d.hpp"
#include "group_norm_silu.hpp"

#include <numeric>

namespace walt::nn {

/// y = (x or skip(x)) + conv2(SiLU(GN(conv1(SiLU(GN(x)))))). x and y are float32 (A), what lies between is in T.
/// Around: the geometry of conv1 and conv2, which keeps the size.
template <int In, int Out, int NormGroups, conv_geometry Around = conv_geometry::causal({3, 3, 3})>
struct residual_block {
    static constexpr bool has_skip = In != Out;
    using norm_in = group_norm_silu<In, std::gcd(NormGroups, In)>;
    using norm_out = group_norm_silu<Out, std::gcd(NormGroups, Out)>;
    using skip_part = std::conditional_t<has_skip, conv3d<In, Out, conv_geometry{}, false>, nothing>;

    norm_in norm1;
    conv3d<In, Out, Around, false> conv1;
    norm_out norm2;
    conv3d<Out, Out, Around, false> conv2;
    skip_part skip;

    static constexpr void each(auto& self, auto&& visit) {
        visit("norm1", self.norm1);
        visit("conv1", self.conv1);
        visit("norm2", self.norm2);
        visit("conv2", self.conv2);
        visit("skip", self.skip);
    }

    /// What a pass keeps. A weight gradient wants what its convolution saw; input gradients do without.
    template <class T> struct saved {
        activations kept;
        chunk of;
        video_size size;
        typename norm_in::template saved<T> norm1;
        typename norm_out::template saved<T> norm2;
        video_view<T, Out> middle;  // what conv1 gives
        video_view<T, In> active1;  // what conv1 sees
        video_view<T, Out> active2; // what conv2 sees; in inference the memory of middle
        video_view<T, In> input;    // what skip sees

        saved(arena& from, const video_size& x, const passage& how)
            : kept(how.kept), of(how.of), size(x), norm1(from, size), norm2(from, size),
              middle(size.template take<T, Out>(from)) {
            if (kept != activations::input_gradient) take_rest(from);
        }
        /// The same with room for what is not kept, in the arena's open scope.
        saved complete(arena& from) const {
            saved all = *this;
            if (kept == activations::input_gradient) all.take_rest(from);
            return all;
        }

      private:
        void take_rest(arena& from) {
            active1 = size.template take<T, In>(from);
            active2 = kept == activations::none ? middle : size.template take<T, Out>(from);
            if constexpr (has_skip) input = size.template take<T, In>(from);
        }
    };

    /// y is assigned, and is not x.
    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, auto y, const saved<T>& keep) const {
        const arena::scope scope(ctx.arena);
        const saved<T> all = keep.complete(ctx.arena);
        forward_to_conv2(ctx, w, x, all);
        if constexpr (has_skip) skip.forward(ctx, w, all.input, y);
        else ops::convert(ctx, x, y);
        conv2.forward_add(ctx, w, all.active2, y, keep.of);
    }
    /// The same where x lies, which saves a copy: x becomes y.
    template <class T>
    void forward_in_place(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep) const requires(!has_skip) {
        const arena::scope scope(ctx.arena);
        const saved<T> all = keep.complete(ctx.arena);
        forward_to_conv2(ctx, w, x, all);
        conv2.forward_add(ctx, w, all.active2, x, keep.of);
    }
    /// Fills all of `keep` and gives no result: what a pass back needs that starts from x again.
    template <class T> void forward_to_conv2(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep) const {
        norm1.forward(ctx, w, x, keep.active1, keep.norm1);
        conv1.forward(ctx, w, keep.active1, keep.middle, keep.of);
        norm2.forward(ctx, w, keep.middle, keep.active2, keep.norm2);
        if constexpr (has_skip) ops::convert(ctx, x, keep.input);
    }

    /// dx is assigned, and is not dy.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx, const auto& g) const {
        const arena::scope scope(ctx.arena);
        const auto dy_compute = in_compute_type<T>(ctx, dy);
        if constexpr (has_skip) {
            skip.backward_parameters(ctx, keep.input, dy_compute, g);
            skip.backward_input(ctx, w, dy_compute, dx);
        } else ops::convert(ctx, dy, dx);
        add_branch_gradient(ctx, w, x, keep, dy_compute, dx, g);
    }
    /// The same where dy lies: it becomes dx.
    template <class T>
    void backward_in_place(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, const auto& g) const
        requires(!has_skip) {
        const arena::scope scope(ctx.arena);
        add_branch_gradient(ctx, w, x, keep, in_compute_type<T>(ctx, dy), dy, g);
    }

  private:
    template <class T> static auto in_compute_type(auto& ctx, auto dy) {
        const auto copy = size_of(dy).template take<T, Out>(ctx.arena);
        ops::convert(ctx, dy, copy);
        return copy;
    }
    /// dx += the gradient through the convolutions.
    template <class T>
    void add_branch_gradient(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, video_view<T, Out> dy,
                             auto dx, const auto& g) const {
        const auto dmiddle = keep.size.template take<T, Out>(ctx.arena);
        const auto dactive1 = keep.size.template take<T, In>(ctx.arena);
        conv2.backward_parameters(ctx, w, keep.active2, dy, g, keep.of);
        conv2.backward_input(ctx, w, dy, dmiddle, keep.of);
        norm2.backward(ctx, w, keep.middle, keep.norm2, dmiddle, dmiddle, g);
        conv1.backward_parameters(ctx, w, keep.active1, dmiddle, g, keep.of);
        conv1.backward_input(ctx, w, dmiddle, dactive1, keep.of);
        norm1.backward_add(ctx, w, x, keep.norm1, dactive1, dx, g);
    }
};

} // namespace walt::nn
