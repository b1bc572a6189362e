// The critic's layers and its block (docs/model.md 11). A critic is linear but for the leaky ReLUs, and so near an
// input it is a linear map. Beside the two usual passes it has a third, `tangent`: the same map on a change of the
// input. What a pass makes has one type for all three: the values themselves, their changes, or the gradients of them.
#pragma once

#include "../core/activations.hpp"
#include "../nn/conv3d.hpp"
#include "../ops/blur.hpp"
#include "../ops/pointwise.hpp"

namespace walt {

/// y = LR(conv(x) + b). The mask is the sign of y, so that y is all that is kept of a layer.
template <class Layer> struct leaky : Layer {
    void forward(auto& ctx, const auto& w, auto x, auto y) const {
        Layer::forward(ctx, w, x, y);
        ops::activate<activation::leaky_relu>(ctx, y, y);
    }
    /// dy: what a change dx of x changes y by.
    void tangent(auto& ctx, const auto& w, auto y, auto dx, auto dy) const {
        Layer::tangent(ctx, w, dx, dy);
        ops::activate_grad<activation::leaky_relu>(ctx, y, dy, dy);
    }
    /// dy becomes the gradient of what the layer's map gave: its signal, from which the weights' gradient is made.
    static void to_signal(auto& ctx, auto y, auto dy) { ops::activate_grad<activation::leaky_relu>(ctx, y, dy, dy); }
};

/// A 3 x 3 x 3 convolution that sees before and after, and its leaky ReLU.
template <int In, int Out>
using critic_layer = leaky<nn::conv3d<In, Out, conv_geometry::same_symmetric({3, 3, 3}), true>>;

/// "0" to "9".
template <int Number> struct critic_block_name {
    static constexpr char name[] = {static_cast<char>('0' + Number), '\0'};
};

/// y = (LR(conv2(blur(LR(conv1(x))))) + skip(blur(x))) / sqrt 2: half of every axis, In to Out channels, all in T.
template <class Dims, int Number> struct critic_block : critic_block_name<Number> {
    static constexpr int In = Dims::channels(Number), Out = Dims::channels(Number + 1);
    static constexpr double half = 0.70710678118654752; ///< of the power of two branches

    critic_layer<In, In> conv1;
    critic_layer<In, Out> conv2;
    nn::conv3d<In, Out, conv_geometry{}, false> skip;

    static constexpr void each(auto& self, auto&& visit) {
        visit("conv1", self.conv1);
        visit("conv2", self.conv2);
        visit("skip", self.skip);
    }

    /// What a pass makes here: of values, of their changes, or of the gradients of either.
    template <class T> struct saved {
        video_view<T, In> inner, blurred; ///< behind conv1, and what conv2 sees
        video_view<T, In> shortened;      ///< what skip sees
        video_view<T, Out> outer, sum;    ///< behind conv2, and the block's result

        saved(arena& from, const video_view<T, In>& x, activations) {
            const video_size size = size_of(x), shorter = blur_axes(size).after(size);
            inner = size.template take<T, In>(from);
            blurred = shorter.template take<T, In>(from);
            shortened = shorter.template take<T, In>(from);
            outer = shorter.template take<T, Out>(from);
            sum = shorter.template take<T, Out>(from);
        }
        const video_view<T, Out>& output() const { return sum; }
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, const saved<T>& made) const {
        conv1.forward(ctx, w, x, made.inner);
        ops::blur(ctx, made.inner, made.blurred);
        conv2.forward(ctx, w, made.blurred, made.outer);
        ops::blur(ctx, x, made.shortened);
        skip.forward(ctx, w, made.shortened, made.sum);
        ops::blend(ctx, half, made.outer, half, made.sum, made.sum);
    }

    /// What a change of x changes, `at` the values that forward made.
    template <class T>
    void tangent(auto& ctx, const weights<T>& w, auto dx, const saved<T>& at, const saved<T>& change) const {
        conv1.tangent(ctx, w, at.inner, dx, change.inner);
        ops::blur(ctx, change.inner, change.blurred);
        conv2.tangent(ctx, w, at.outer, change.blurred, change.outer);
        ops::blur(ctx, dx, change.shortened);
        skip.tangent(ctx, w, change.shortened, change.sum);
        ops::blend(ctx, half, change.outer, half, change.sum, change.sum);
    }

    /// From the gradient of the result, signal.sum, the signals of the three convolutions and the gradient dx of x.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, const saved<T>& at, const saved<T>& signal, auto dx) const {
        const arena::scope scope(ctx.arena);
        const auto through_skip = size_of(dx).template take<T, In>(ctx.arena);
        ops::blend(ctx, half, signal.sum, 0, none{}, signal.sum); // of skip
        ops::convert(ctx, signal.sum, signal.outer);
        conv2.to_signal(ctx, at.outer, signal.outer);
        conv2.backward_input(ctx, w, signal.outer, signal.blurred);
        ops::blur_grad(ctx, signal.blurred, signal.inner);
        conv1.to_signal(ctx, at.inner, signal.inner);
        conv1.backward_input(ctx, w, signal.inner, dx);
        skip.backward_input(ctx, w, signal.sum, signal.shortened);
        ops::blur_grad(ctx, signal.shortened, through_skip);
        ops::accumulate(ctx, through_skip, dx);
    }

    /// Adds the weights' gradients: of each convolution from what it saw and its signal.
    template <class T>
    void backward_parameters(auto& ctx, auto x, const saved<T>& saw, const saved<T>& signal, const auto& g) const {
        conv1.backward_parameters(ctx, x, signal.inner, g);
        conv2.backward_parameters(ctx, saw.blurred, signal.outer, g);
        skip.backward_parameters(ctx, saw.shortened, signal.sum, g);
    }
};

} // namespace walt
