// What the networks of measures are built of: frozen layers of any geometry, one behind the other or side by side
// (docs/model.md 21.1).
//
// A layer has `channels<In>`, which it makes of In, after(size), and forward(ctx, w, x, y) of videos. There is no
// backward pass.
#pragma once

#include "../core/weights.hpp"
#include "../ops/average_pool.hpp"
#include "../ops/conv3d.hpp"
#include "../ops/max_pool.hpp"
#include "../ops/pointwise.hpp"
#include "../ops/put_channels.hpp"

#include <cstddef>
#include <tuple>

namespace walt::nn {

/// TensorFlow's padding, which depends on the input (conv_geometry::same).
struct same_padding {
    per_axis kernel{}, stride{};
    static constexpr same_padding cube(int kernel, int stride = 1) {
        return {{kernel, kernel, kernel}, {stride, stride, stride}};
    }
    static constexpr same_padding square(int kernel, int stride = 1) {
        return {{1, kernel, kernel}, {1, stride, stride}};
    }
};
/// One window over all of a clip.
struct everything {};

constexpr conv_geometry geometry_over(const conv_geometry& any, const video_size&) { return any; }
constexpr conv_geometry geometry_over(const same_padding& p, const video_size& x) {
    return conv_geometry::same(p.kernel, p.stride, x);
}
constexpr conv_geometry geometry_over(const everything&, const video_size& x) {
    return conv_geometry::valid({static_cast<int>(x.frames), static_cast<int>(x.height), static_cast<int>(x.width)});
}

/// Rows [B, D] as videos of one element.
template <class T, int D> video_view<T, D> as_video(const view<T, dynamic, D>& rows) {
    return rows.template as<dynamic, dynamic, dynamic, dynamic, D>(rows.extent(0), 1, 1, 1);
}

/// y = f(conv(x) + b). Where its file has a batch norm behind the convolution, both parameters are what that becomes
/// when it is folded into the convolution; its network says their names.
template <class Kernel, auto Geometry, class Effect = activation::relu> struct frozen_conv {
    static constexpr int out = Kernel::extents[0];
    template <int> static constexpr int channels = out;
    Kernel weight;
    parameter<role::bias, init::zero, out> bias;

    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }
    static constexpr video_size after(const video_size& x) { return geometry_over(Geometry, x).after(x); }
    void forward(auto& ctx, const auto& w, auto x, auto y) const {
        ops::conv3d(ctx, geometry_over(Geometry, size_of(x)), x, w(weight), w.exact(bias), y);
        if constexpr (!std::is_same_v<Effect, activation::identity>) ops::activate<Effect>(ctx, y, y);
    }
};

/// The largest element under each window; what lies beyond the edges takes no part.
template <auto Geometry> struct max_pool {
    template <int In> static constexpr int channels = In;
    static constexpr video_size after(const video_size& x) { return geometry_over(Geometry, x).after(x); }
    void forward(auto& ctx, const auto&, auto x, auto y) const {
        ops::max_pool(ctx, geometry_over(Geometry, size_of(x)), x, y);
    }
};
/// The mean under each window; what lies beyond the edges is not counted.
template <auto Geometry> struct average_pool {
    template <int In> static constexpr int channels = In;
    static constexpr video_size after(const video_size& x) { return geometry_over(Geometry, x).after(x); }
    void forward(auto& ctx, const auto&, auto x, auto y) const {
        ops::average_pool(ctx, geometry_over(Geometry, size_of(x)), x, y);
    }
};

namespace detail {
template <int In, class... Layer> constexpr int channels_behind = In;
template <int In, class First, class... Later>
constexpr int channels_behind<In, First, Later...> = channels_behind<First::template channels<In>, Later...>;
} // namespace detail

/// Layers one behind the other.
template <class... Layer> struct in_turn {
    template <int In> static constexpr int channels = detail::channels_behind<In, Layer...>;
    std::tuple<Layer...> layers;

    constexpr explicit in_turn(const Layer&... layer) : layers(layer...) {}
    constexpr video_size after(video_size x) const {
        std::apply([&](const auto&... layer) { ((x = layer.after(x)), ...); }, layers);
        return x;
    }
    void forward(auto& ctx, const auto& w, auto x, auto y) const { from<0>(ctx, w, x, y); }

  private:
    template <std::size_t i> void from(auto& ctx, const auto& w, auto x, auto y) const {
        const auto& layer = std::get<i>(layers);
        if constexpr (i + 1 == sizeof...(Layer)) layer.forward(ctx, w, x, y);
        else {
            using T = typename decltype(y)::element;
            constexpr int C =
                std::tuple_element_t<i, std::tuple<Layer...>>::template channels<decltype(x)::static_extent(4)>;
            const arena::scope scope(ctx.arena);
            const auto between = layer.after(size_of(x)).template take<T, C>(ctx.arena);
            layer.forward(ctx, w, x, between);
            from<i + 1>(ctx, w, between, y);
        }
    }
};

/// Layers that all see the same, and whose channels stand one behind the other in the result.
template <class... Branch> struct beside {
    template <int In> static constexpr int channels = (0 + ... + Branch::template channels<In>);
    std::tuple<Branch...> branches;

    constexpr explicit beside(const Branch&... branch) : branches(branch...) {}
    constexpr video_size after(const video_size& x) const { return std::get<0>(branches).after(x); }
    void forward(auto& ctx, const auto& w, auto x, auto y) const {
        using T = typename decltype(y)::element;
        int first = 0;
        const auto one = [&]<class Part>(const Part& branch) {
            constexpr int C = Part::template channels<decltype(x)::static_extent(4)>;
            const arena::scope scope(ctx.arena);
            const auto part = branch.after(size_of(x)).template take<T, C>(ctx.arena);
            branch.forward(ctx, w, x, part);
            ops::put_channels(ctx, part, y, first);
            first += C;
        };
        std::apply([&](const auto&... branch) { (one(branch), ...); }, branches);
    }
};

} // namespace walt::nn
