// Feature networks by composition: stages of layers, a tap behind each stage (docs/model.md 13).
#pragma once

#include "../core/activations.hpp"
#include "frame_layers.hpp"

#include <array>
#include <string_view>
#include <tuple>
#include <utility>

namespace walt::nn {

namespace detail {
/// Calls visit.operator()<i>() for 0 .. Count - 1.
template <std::size_t Count> constexpr void each_index(auto&& visit) {
    [&]<std::size_t... i>(std::index_sequence<i...>) { (visit.template operator()<i>(), ...); }
    (std::make_index_sequence<Count>());
}
/// The name of part i: one digit.
constexpr std::string_view digit(std::size_t i) { return std::string_view("0123456789").substr(i, 1); }

/// Visits the parts that have parameters, numbered in order.
constexpr void each_numbered(auto& parts, auto&& visit) {
    std::size_t number = 0;
    const auto one = [&]<class Part>(Part& part) {
        if constexpr (!std::derived_from<Part, nothing>) visit(digit(number++), part);
    };
    std::apply([&](auto&... part) { (one(part), ...); }, parts);
}
} // namespace detail

/// Layers in the order in which they run; the last one's result is the tap.
template <class... Layer> struct feature_stage {
    static constexpr std::size_t length = sizeof...(Layer);
    static constexpr int in = std::tuple_element_t<0, std::tuple<Layer...>>::in,
                         out = std::tuple_element_t<length - 1, std::tuple<Layer...>>::out;
    std::tuple<Layer...> layers;

    static constexpr void each(auto& self, auto&& visit) { detail::each_numbered(self.layers, visit); }
    static constexpr video_size after(video_size x) {
        ((x = Layer::after(x)), ...);
        return x;
    }

    /// Every layer's result; in inference the tap alone.
    template <class T> struct saved {
        activations kept = activations::none;
        std::tuple<video_view<T, Layer::out>...> result;

        saved() = default;
        saved(arena& from, const video_size& x, activations mode) : kept(mode) {
            if (keeps_activations(mode)) take_inner(from, x);
            std::get<length - 1>(result) = after(x).template take<T, out>(from);
        }
        const auto& tap() const { return std::get<length - 1>(result); }
        /// What layer i sees, of what the stage does.
        template <std::size_t i, class X> auto input(const X& x) const {
            if constexpr (i == 0) return x;
            else return std::get<i - 1>(result);
        }
        /// Room for all results but the tap.
        void take_inner(arena& from, video_size x) {
            detail::each_index<length - 1>([&]<std::size_t i>() {
                using layer = std::tuple_element_t<i, std::tuple<Layer...>>;
                x = layer::after(x);
                std::get<i>(result) = x.template take<T, layer::out>(from);
            });
        }
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep) const {
        const arena::scope scope(ctx.arena);
        saved<T> all = keep;
        if (!keeps_activations(keep.kept)) all.take_inner(ctx.arena, size_of(x));
        detail::each_index<length>([&]<std::size_t i>() {
            std::get<i>(layers).forward(ctx, w, all.template input<i>(x), std::get<i>(all.result));
        });
    }
    /// dx is assigned; dy, the gradient of the tap, is used up.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, auto dy, auto dx) const {
        const arena::scope scope(ctx.arena);
        const auto gradients = [&]<std::size_t... i>(
            std::index_sequence<i...>) { // of what each layer but the first sees
            return std::make_tuple(
                size_of(std::get<i>(keep.result))
                    .template take<T, std::tuple_element_t<i, std::tuple<Layer...>>::out>(ctx.arena)...);
        }
        (std::make_index_sequence<length - 1>());
        detail::each_index<length>([&]<std::size_t step>() {
            constexpr std::size_t i = length - 1 - step;
            const auto behind = [&] {
                if constexpr (i == length - 1) return dy;
                else return std::get<i>(gradients);
            }();
            const auto before = [&] {
                if constexpr (i == 0) return dx;
                else return std::get<i - 1>(gradients);
            }();
            std::get<i>(layers).backward(ctx, w, keep.template input<i>(x), std::get<i>(keep.result), behind, before);
        });
    }
};

/// Stages in the order in which they run: a feature_network but for the scale of its pixels.
template <class... Stage> struct feature_stages {
    static constexpr std::size_t taps = sizeof...(Stage);
    static constexpr int pixel_channels = std::tuple_element_t<0, std::tuple<Stage...>>::in;
    static constexpr std::array<int, taps> tap_channels{Stage::out...};
    std::tuple<Stage...> stages;

    static constexpr void each(auto& self, auto&& visit) { detail::each_numbered(self.stages, visit); }

    template <class T> struct saved {
        activations kept;
        std::tuple<typename Stage::template saved<T>...> stage;

        saved(arena& from, video_size x, activations mode) : kept(mode) {
            detail::each_index<taps>([&]<std::size_t i>() {
                using part = std::tuple_element_t<i, std::tuple<Stage...>>;
                std::get<i>(stage) = typename part::template saved<T>(from, x, mode);
                x = part::after(x);
            });
        }
        template <std::size_t i> const auto& tap() const { return std::get<i>(stage).tap(); }
        template <std::size_t i, class X> auto input(const X& x) const {
            if constexpr (i == 0) return x;
            else return tap<i - 1>();
        }
    };

    template <class T> void forward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep) const {
        detail::each_index<taps>([&]<std::size_t i>() {
            std::get<i>(stages).forward(ctx, w, keep.template input<i>(x), std::get<i>(keep.stage));
        });
    }
    /// dx is assigned; dtaps, a tuple of each tap's gradient, is used up.
    template <class T>
    void backward(auto& ctx, const weights<T>& w, auto x, const saved<T>& keep, const auto& dtaps, auto dx) const {
        require(keeps_activations(keep.kept),
                "a feature network's backward needs activations: the forward pass was run with activations::none");
        detail::each_index<taps>([&]<std::size_t step>() {
            constexpr std::size_t i = taps - 1 - step;
            const auto& part = std::get<i>(stages);
            const auto& kept = std::get<i>(keep.stage);
            if constexpr (i == 0) part.backward(ctx, w, x, kept, std::get<0>(dtaps), dx);
            else {
                const arena::scope scope(ctx.arena);
                const auto before = keep.template tap<i - 1>();
                const auto through = size_of(before).template take<T, tap_channels[i - 1]>(ctx.arena);
                part.backward(ctx, w, before, kept, std::get<i>(dtaps), through);
                ops::accumulate(ctx, through, std::get<i - 1>(dtaps));
            }
        });
    }
};

} // namespace walt::nn
