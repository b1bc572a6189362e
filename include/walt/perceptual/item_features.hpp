// The features of a small classifier of clothes, trained on real pictures: a feature network without any download
// (docs/model.md 13). Its weights are examples/weights/features.safetensors; `examples/judge` trains it.
#pragma once

#include "../io/safetensors.hpp"
#include "distance.hpp"
#include "frame_layers.hpp"

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace walt {

namespace nn {
/// A convolution of pixels' chroma, (largest - least channel) / 2, in float32. x and dx are of type A.
template <int Out> struct chroma_conv : pixel_conv<1, Out, 3, 1, false> {
    using conv = pixel_conv<1, Out, 3, 1, false>;
    static constexpr int in = 3;

    void forward(auto& ctx, const auto& w, auto x, auto y) const {
        const arena::scope scope(ctx.arena);
        const extremes<decltype(x)> of(ctx, x);
        const auto chroma = size_of(x).template take<typename extremes<decltype(x)>::A, 1>(ctx.arena);
        ops::blend(ctx, 0.5, of.most, 0.5, of.most_negative, chroma);
        conv::forward(ctx, w, chroma, y);
    }
    void backward(auto& ctx, const auto& w, auto x, auto y, auto dy, auto dx) const {
        const arena::scope scope(ctx.arena);
        const extremes<decltype(x)> of(ctx, x);
        const auto dchroma = size_of(x).template take<typename extremes<decltype(x)>::A, 1>(ctx.arena);
        const auto through =
            dx.over(ctx.arena.template take<typename extremes<decltype(x)>::A, dynamic>(dx.size()).data());
        conv::backward(ctx, w, dchroma, y, dy, dchroma);
        const auto slope = channels_as_width(dchroma, 1);
        ops::max_pool_grad(ctx, over_channels, channels_as_width(of.negative, 3),
                           channels_as_width(of.most_negative, 1), slope, channels_as_width(through, 3));
        ops::max_pool_grad(ctx, over_channels, channels_as_width(x, 3), channels_as_width(of.most, 1), slope,
                           channels_as_width(dx, 3));
        ops::blend(ctx, 0.5, dx, -0.5, through, dx);
    }

  private:
    static constexpr conv_geometry over_channels{{}, {}, {3, 3}};
    static auto channels_as_width(auto x, int channels) {
        return x.template as<dynamic, dynamic, dynamic, dynamic, 1>(x.extent(0), x.extent(1), x.extent(2) * x.extent(3),
                                                                    channels);
    }
    /// The largest channel of every pixel, and that of the negative pixel, which is the least's.
    template <class X> struct extremes {
        using A = std::remove_const_t<typename X::element>;
        video_view<A, 3> negative;
        video_view<A, 1> most, most_negative;
        extremes(auto& ctx, X x)
            : negative(size_of(x).template take<A, 3>(ctx.arena)), most(size_of(x).template take<A, 1>(ctx.arena)),
              most_negative(size_of(x).template take<A, 1>(ctx.arena)) {
            ops::blend(ctx, -1, x, 0, none{}, negative);
            ops::max_pool(ctx, over_channels, channels_as_width(x, 3), channels_as_width(most, 1));
            ops::max_pool(ctx, over_channels, channels_as_width(negative, 3), channels_as_width(most_negative, 1));
        }
    };
};
} // namespace nn

/// Three convolutions with group norm and SiLU, a tap behind each. They see the chroma of a frame, not its brightness
/// or hue, which are a pixel loss's.
struct item_features
    : nn::feature_stages<nn::feature_stage<nn::chroma_conv<32>, nn::frame_norm_silu<32, 4>>,
                         nn::feature_stage<nn::frame_conv<32, 64, 3, 1, false, 2>, nn::frame_norm_silu<64, 4>>,
                         nn::feature_stage<nn::frame_conv<64, 128, 3, 1, false, 2>, nn::frame_norm_silu<128, 4>>> {
    static constexpr std::array shift{0.0f, 0.0f, 0.0f}, scale{1.0f, 1.0f, 1.0f};
};
static_assert(feature_network<item_features>);

/// perceptual_distance distance(device, perceptual_network<item_features, false>{}, compute<bf16>,
///                              judge_weights("run/judge/judge.safetensors"));
/// Takes the first three stages of the judge's file, and leaves the rest.
class judge_weights {
  public:
    using storage = inference;
    explicit judge_weights(std::filesystem::path path) : path_(std::move(path)) {}

    template <class Model, class Memory> void fill(Model& model, Memory&) const {
        using A = typename Model::master_type;
        static constexpr std::array stages{"first", "second", "third"};
        const safetensors_file file(path_);
        for (const parameter_row& row : Model::table()) { // features.<stage>.<0: convolution, 1: norm>.<weight or bias>
            std::vector<A> values(row.size);
            const std::string part = row.name.substr(row.name.find('.') + 1), kind = part.substr(4);
            const std::string stage = stages[static_cast<std::size_t>(part[0] - '0')];
            const bool norm = part[2] == '1';
            if (norm || kind == "weight") { // its convolutions have no bias
                const std::string name = stage + (norm ? ".norm." : ".") + kind;
                const std::vector<A> stored = file.template read<A>(name);
                file.require_finite(name, std::span(stored));
                require(stored.size() == row.size, "{}: {} has {} elements; item_features has {}", file.path(),
                        row.name, stored.size(), row.size);
                for (std::size_t i = 0; i < row.size; ++i) values[i] = stored[place_in_file(row, i)];
            }
            model.set(row, values);
        }
    }

  private:
    std::filesystem::path path_;
};

} // namespace walt
