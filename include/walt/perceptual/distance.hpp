// The perceptual distance of two videos over a frozen feature network (docs/model.md 13), as a loss and as a measure.
#pragma once

#include "../core/model.hpp"
#include "../data/clips.hpp"
#include "../nn/linear.hpp"
#include "../ops/latent_statistics.hpp"
#include "../ops/tap_distance.hpp"
#include "feature_network.hpp"
#include "feature_stages.hpp"

#include <tuple>
#include <vector>

namespace walt {

/// The weights of each tap's channels, `0.weight [C_0]`, `1.weight [C_1]`, ...
template <class Features, class = std::make_index_sequence<Features::tap_channels.size()>> struct tap_heads;
template <class Features, std::size_t... i> struct tap_heads<Features, std::index_sequence<i...>> {
    std::tuple<nn::named_weight<exact_parameter<role::matrix, init::one, Features::tap_channels[i]>>...> heads;
    static constexpr void each(auto& self, auto&& visit) { nn::detail::each_numbered(self.heads, visit); }
};

/// A feature network with its heads, `features` and `lin`; without heads every channel counts the same.
template <feature_network Features, bool HasHeads = true> struct perceptual_network {
    using features_type = Features;
    Features features;
    std::conditional_t<HasHeads, tap_heads<Features>, nothing> lin;

    static constexpr void each(auto& self, auto&& visit) {
        visit("features", self.features);
        visit("lin", self.lin);
    }
    template <std::size_t i> auto head(const auto& w) const {
        if constexpr (HasHeads) return w.exact(std::get<i>(lin.heads).weight);
        else return none{};
    }
};

/// perceptual_distance distance(device, perceptual_network<vgg<vgg16>>{}, compute<bf16>,
/// weights_file("vgg.safetensors")); The network's weights are read and never get a gradient. The distance and pixels
/// are of type A, float32 for bf16.
template <context Context, class Network, class T, class Storage = inference> class perceptual_distance {
  public:
    using A = accumulate_t<T>;
    using features = typename Network::features_type;
    static constexpr int pixel_channels = features::pixel_channels;
    static constexpr std::size_t taps = features::tap_channels.size();

    template <weights_source Source>
    perceptual_distance(Context& ctx, Network, compute_t<T>, const Source& from) : net_(ctx, from) {
        upload_pixel_scale();
    }
    /// A network of starting values: its distance says something, but nothing that anybody has learned.
    perceptual_distance(Context& ctx, Network, compute_t<T>, seed from) requires Storage::writable : net_(ctx, from) {
        upload_pixel_scale();
    }

    auto& net() { return net_; }
    const auto& net() const { return net_; }

    /// value [1] = the distance of x and y, pixels [B, F, H, W, C] in [-1, 1] and of one size, and dx its gradient by x
    /// (assigned; none{} for none). The gradient goes into the pixels alone.
    template <class X, class Y, class DX> void operator()(X x, Y y, view<A, 1> value, DX dx) const {
        auto& ctx = net_.context();
        const arena::scope scope(ctx.arena);
        rules::equal_videos(x, y, "perceptual_distance", "x", "y");
        constexpr activations mode = is_none<DX> ? activations::none : activations::input_gradient;
        const auto w = net_.weights();
        const video_size size = size_of(x);
        const auto seen = as_seen(x), seen_target = as_seen(y);
        const typename features::template saved<T> target(ctx.arena, size, activations::none);
        net_.network().features.forward(ctx, w, seen_target, target);
        const typename features::template saved<T> keep(ctx.arena, size, mode);
        net_.network().features.forward(ctx, w, seen, keep);

        const auto dtaps = [&]<std::size_t... i>(std::index_sequence<i...>) {
            return std::make_tuple(gradient_of<DX, i>(keep)...);
        }
        (std::make_index_sequence<taps>());
        const auto part = ctx.arena.template take<A, 1>();
        nn::detail::each_index<taps>([&]<std::size_t i>() {
            ops::tap_distance(ctx, keep.template tap<i>(), target.template tap<i>(), net_.network().template head<i>(w),
                              i == 0 ? value : part, std::get<i>(dtaps));
            if constexpr (i > 0) ops::accumulate(ctx, part, value);
        });
        if constexpr (!is_none<DX>) {
            rules::equal_videos(x, dx, "perceptual_distance", "x", "dx");
            net_.network().features.backward(ctx, w, seen, keep, dtaps, dx);
            ops::normalise(ctx, dx, pixel(zero_), pixel(scale_), dx);
        }
    }

    /// Channels of a row of pooled().
    static constexpr int pooled_features = features::tap_channels[taps - 1];
    /// The last tap's mean over every frame, [B F, pooled_features], of clips in host memory: what a Frechet distance
    /// is of (measures/frechet.hpp). Pixels that are missing are seen as 0.
    std::vector<double> pooled(const clips& x) const {
        auto& ctx = net_.context();
        x.check();
        require(x.shape.channels == pixel_channels, "{} channels came; this network sees {}", x.shape.channels,
                pixel_channels);
        const std::vector<float> seen = x.seen();
        std::vector<double> rows(static_cast<std::size_t>(x.shape.count * x.shape.frames * pooled_features));
        for (std::int64_t n = 0; n < x.shape.count; ++n) {
            const arena::scope scope(ctx.arena);
            const typename features::template saved<T> keep(ctx.arena, clip_size(x.shape), activations::none);
            net_.network().features.forward(ctx, net_.weights(), as_seen(to_device(x.shape, seen, n)), keep);
            const auto tap = keep.template tap<taps - 1>();
            std::vector<T> host(tap.size());
            ctx.download(host.data(), tap.data(), host.size() * sizeof(T));
            const auto positions = static_cast<std::size_t>(tap.extent(2) * tap.extent(3));
            for (std::size_t i = 0; i < host.size(); ++i) {
                const std::size_t frame = i / (positions * pooled_features), c = i % pooled_features;
                rows[(static_cast<std::size_t>(n * x.shape.frames) + frame) * pooled_features + c] +=
                    static_cast<double>(static_cast<A>(host[i])) / static_cast<double>(positions);
            }
        }
        return rows;
    }

    /// The mean distance of the frames of two sets of clips in host memory, one clip at a time. Pixels that are missing
    /// in either are seen as 0 in both.
    double operator()(const clips& x, const clips& y) const {
        auto& ctx = net_.context();
        x.check(), y.check();
        require(
            x.shape == y.shape && x.shape.channels == pixel_channels,
            "perceptual_distance: {} clips of {} x {} x {} x {} (frames, height, width, channels) cannot be compared "
            "with {} of {} x {} x {} x {} by a network that sees {} channels",
            x.shape.count, x.shape.frames, x.shape.height, x.shape.width, x.shape.channels, y.shape.count,
            y.shape.frames, y.shape.height, y.shape.width, y.shape.channels, pixel_channels);
        const std::vector<std::uint8_t> present = present_in_both(x, y);
        const std::vector<float> seen = x.seen(present), seen_target = y.seen(present);
        double sum = 0;
        for (std::int64_t n = 0; n < x.shape.count; ++n) {
            const arena::scope scope(ctx.arena);
            const auto value = ctx.arena.template take<A, 1>();
            (*this)(to_device(x.shape, seen, n), to_device(y.shape, seen_target, n), value, none{});
            A found{};
            ctx.download(&found, value.data(), sizeof(A));
            sum += static_cast<double>(found);
        }
        return sum / static_cast<double>(x.shape.count);
    }

  private:
    void upload_pixel_scale() {
        auto& ctx = net_.context();
        const auto upload = [&](const auto& numbers) {
            const buffer<A> there(ctx, pixel_channels);
            const std::vector<A> host(numbers.begin(), numbers.end());
            ctx.upload(there.data(), host.data(), host.size() * sizeof(A));
            return there;
        };
        shift_ = upload(features::shift);
        scale_ = upload(features::scale);
        zero_ = buffer<A>(ctx, pixel_channels);
    }
    static video_size clip_size(const video_shape& of) { return {1, of.frames, of.height, of.width}; }
    /// Clip n of these pixels, in the arena.
    auto to_device(const video_shape& of, const std::vector<float>& pixels, std::int64_t n) const {
        auto& ctx = net_.context();
        const auto there = clip_size(of).template take<A, pixel_channels>(ctx.arena);
        const auto first = pixels.begin() + n * of.sample();
        const std::vector<A> host(first, first + of.sample());
        ctx.upload(there.data(), host.data(), host.size() * sizeof(A));
        return there;
    }
    static view<const A, pixel_channels> pixel(const buffer<A>& numbers) {
        return view<const A, pixel_channels>(numbers.data());
    }
    /// Pixels as the network sees them.
    auto as_seen(auto x) const {
        auto& ctx = net_.context();
        const auto seen = size_of(x).template take<A, pixel_channels>(ctx.arena);
        ops::normalise(ctx, x, pixel(shift_), pixel(scale_), seen);
        return seen;
    }
    /// Room for a tap's gradient, or none{}.
    template <class DX, std::size_t i> auto gradient_of(const auto& keep) const {
        if constexpr (is_none<DX>) return none{};
        else return size_of(keep.template tap<i>()).template take<T, features::tap_channels[i]>(net_.context().arena);
    }

    model<Context, Network, T, Storage> net_;
    buffer<A> shift_, scale_, zero_;
};

template <class Context, class Network, class T, weights_source Source>
perceptual_distance(Context&, Network, compute_t<T>, const Source&)
    -> perceptual_distance<Context, Network, T, typename Source::storage>;
template <class Context, class Network, class T>
perceptual_distance(Context&, Network, compute_t<T>, seed) -> perceptual_distance<Context, Network, T>;

} // namespace walt
