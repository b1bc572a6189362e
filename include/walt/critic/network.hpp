// The critic: one logit for a clip or an image, large where it looks real (docs/model.md 11). Three-dimensional, after
// StyleGAN's (docs/paper_map.md).
#pragma once

#include "../nn/chain.hpp"
#include "../nn/linear.hpp"
#include "block.hpp"
#include "config.hpp"

namespace walt {

/// A sink for gradients of which nothing is a bias: those of a network's slope, which no bias has a part in.
template <class G> struct without_biases : G {
    template <class Parameter> constexpr auto operator()(const Parameter& p) const {
        if constexpr (Parameter::kind == role::bias) return none{};
        else return G::operator()(p);
    }
};
template <class G> without_biases(const G&) -> without_biases<G>;

/// A network of this config. Clips [B, F, H, W, in_channels] lie in [-1, 1]; F may be any number of frames that ends as
/// the config's do, so with k blocks 1 to 2^k. The body computes in T, the head in float32 (A). The passes are
///   saved keep(ctx.arena, size), signals(ctx.arena, size), changes(ctx.arena, size);
///   forward(ctx, w, x, keep);                      keep.logit = D(x)
///   backward(ctx, w, keep, dlogits, signals, dx);  dx = the gradient of <D(x), dlogits>; and every layer's signal
///   backward_parameters(ctx, keep, signals, g);    adds the parameters' gradients of the same
///   tangent(ctx, w, v, keep, changes);             what a change v of x changes in every layer
///   backward_parameters(ctx, changes, signals, without_biases{g});   adds the gradients of <dx, v>, v held
template <class Config, class Block = std::make_index_sequence<critic_dimensions<Config>::config::multipliers.size()>,
          bool Valid = critic_dimensions<Config>::valid>
struct critic_network;

template <class Config, std::size_t... Block> struct critic_network<Config, std::index_sequence<Block...>, true> {
    using dims = critic_dimensions<Config>;
    static constexpr int pixel_channels = dims::in_channels, first = dims::channels(0), deep = dims::last_channels;
    using blocks_part = nn::chain<critic_block<dims, static_cast<int>(Block)>...>;

    critic_layer<pixel_channels, first> stem;
    blocks_part blocks;
    critic_layer<deep, deep> last;
    leaky<nn::exact_linear<dims::flat, dims::dense>> dense;
    nn::exact_linear<dims::dense, 1> logit;

    static constexpr void each(auto& self, auto&& visit) {
        visit("critic.stem", self.stem);
        visit("critic.blocks", self.blocks);
        visit("critic.last", self.last);
        visit("critic.dense", self.dense);
        visit("critic.logit", self.logit);
    }

    /// What a pass makes: values, changes of them, or gradients. Taken from the arena: whoever makes one opens an
    /// arena::scope around it. size: of the clips.
    template <class T> struct saved {
        using A = accumulate_t<T>;
        video_view<T, pixel_channels> pixels;
        video_view<T, first> stem;
        typename blocks_part::template saved<T> blocks;
        video_view<T, deep> last;
        view<A, dynamic, dims::flat> flat;
        view<A, dynamic, dims::dense> dense;
        view<A, dynamic, 1> logit;

        saved(arena& from, const video_size& size)
            : pixels(size.template take<T, pixel_channels>(from)), stem(size.template take<T, first>(from)),
              blocks(from, stem, activations::all), last(size_of(blocks.output()).template take<T, deep>(from)),
              flat(from.take<A, dynamic, dims::flat>(size.batch)),
              dense(from.take<A, dynamic, dims::dense>(size.batch)), logit(from.take<A, dynamic, 1>(size.batch)) {}
    };

    /// Throws where clips of this size are not what the head takes.
    static void check_size(const video_size& x) {
        require(
            dims::after(x.frames) == dims::after(dims::config::frames) && x.height == dims::config::height &&
                x.width == dims::config::width,
            "this critic takes clips of {} frames of {} x {} (or of as many as its {} blocks halve to {}), not of {} "
            "of {} x {}",
            dims::config::frames, dims::config::height, dims::config::width, dims::blocks,
            dims::after(dims::config::frames), x.frames, x.height, x.width);
    }

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, const saved<T>& made) const {
        check_size(size_of(x));
        ops::convert(ctx, x, made.pixels);
        stem.forward(ctx, w, made.pixels, made.stem);
        blocks.forward(made.stem, made.blocks,
                       [&](const auto& block, auto y, const auto& kept) { block.forward(ctx, w, y, kept); });
        last.forward(ctx, w, made.blocks.output(), made.last);
        ops::convert(ctx, made.last, made.flat);
        dense.forward(ctx, w, made.flat, made.dense);
        logit.forward(ctx, w, made.dense, made.logit);
    }

    /// v [B, F, H, W, in_channels] is a change of x; `at`: what forward made of x.
    template <class T>
    void tangent(auto& ctx, const weights<T>& w, auto v, const saved<T>& at, const saved<T>& change) const {
        ops::convert(ctx, v, change.pixels);
        stem.tangent(ctx, w, at.stem, change.pixels, change.stem);
        blocks_part::each_index([&]<std::size_t i>() {
            std::get<i>(blocks.links)
                .tangent(ctx, w, change.blocks.template input<i>(change.stem), at.blocks.template at<i>(),
                         change.blocks.template at<i>());
        });
        last.tangent(ctx, w, at.last, change.blocks.output(), change.last);
        ops::convert(ctx, change.last, change.flat);
        dense.tangent(ctx, w, at.dense, change.flat, change.dense);
        logit.tangent(ctx, w, change.dense, change.logit);
    }

    /// dx (A) is assigned, or none{}.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, const saved<T>& at, auto dlogits, const saved<T>& signal,
                  auto dx) const {
        ops::convert(ctx, dlogits, signal.logit);
        logit.backward_input(ctx, w, signal.logit, signal.dense);
        dense.to_signal(ctx, at.dense, signal.dense);
        dense.backward_input(ctx, w, signal.dense, signal.flat);
        ops::convert(ctx, signal.flat, signal.last);
        last.to_signal(ctx, at.last, signal.last);
        last.backward_input(ctx, w, signal.last, signal.blocks.output());
        blocks_part::each_index([&]<std::size_t front>() {
            constexpr std::size_t i = blocks_part::length - 1 - front;
            std::get<i>(blocks.links)
                .backward(ctx, w, at.blocks.template at<i>(), signal.blocks.template at<i>(),
                          signal.blocks.template input<i>(signal.stem));
        });
        stem.to_signal(ctx, at.stem, signal.stem);
        if constexpr (!is_none<decltype(dx)>) stem.backward_input(ctx, w, signal.stem, dx);
    }

    /// Adds to the parameters' gradients: of every layer from what it saw and from its signal. The parts of a sink's
    /// ready(i): the stem is 0, block k is k + 1, the last convolution follows, and the head of two layers.
    template <class T>
    void backward_parameters(auto& ctx, const saved<T>& saw, const saved<T>& signal, const auto& g) const {
        logit.backward_parameters(ctx, saw.dense, signal.logit, g);
        dense.backward_parameters(ctx, saw.flat, signal.dense, g);
        g.ready(dims::blocks + 2);
        last.backward_parameters(ctx, saw.blocks.output(), signal.last, g);
        g.ready(dims::blocks + 1);
        blocks_part::each_index([&]<std::size_t front>() {
            constexpr std::size_t i = blocks_part::length - 1 - front;
            std::get<i>(blocks.links)
                .backward_parameters(ctx, saw.blocks.template input<i>(saw.stem), saw.blocks.template at<i>(),
                                     signal.blocks.template at<i>(), g);
            g.ready(static_cast<int>(i) + 1);
        });
        stem.backward_parameters(ctx, saw.pixels, signal.stem, g);
        g.ready(0);
    }
};

/// A config that breaks a rule: the rule's sentence is the error, and nothing else is built.
template <class Config, class Block> struct critic_network<Config, Block, false> : nothing {};

} // namespace walt
