// EfficientNet-Lite0 (Tan and Le, ICML 2019, and its revision for small devices; docs/model.md 21.2): an image network
// whose weights anybody can have (scripts/get_efficientnet). A Frechet distance in its features is no FID. Its
// parameters have efficientnet_pytorch's names, batch norms folded.
#pragma once

#include "../ops/depthwise_conv.hpp"
#include "../ops/latent_statistics.hpp"
#include "../ops/resize.hpp"
#include "frozen_layers.hpp"

#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace walt {

namespace activation {
/// x cut to [0, 6], forward only. What is not a number stays so.
struct relu6 {
    template <class A> WALT_HD static A value(A x) { return x <= A(0) ? A(0) : x >= A(6) ? A(6) : x; }
};
} // namespace activation

struct efficientnet_lite0 {
    static constexpr std::string_view name = "EfficientNet-Lite0 (ImageNet)", frechet_name = "Frechet";
    static constexpr bool sees_images = true, features_are_logits = false;
    static constexpr int features = 1280, classes = 1000, height = 224, width = 224, at_once = 8;
    static constexpr resizing resized = resizing::centres;
    static constexpr double epsilon = 1e-3; ///< of the batch norms

    template <int In, int Out, int K = 1, int Stride = 1, class Effect = activation::relu6>
    using conv =
        nn::frozen_conv<frame_kernel<init::xavier, Out, In, K, K>, nn::same_padding::square(K, Stride), Effect>;

    /// Each channel alone.
    template <int C, int K, int Stride> struct depthwise {
        static constexpr nn::same_padding padding = nn::same_padding::square(K, Stride);
        template <int> static constexpr int channels = C;
        frame_kernel<init::xavier, C, 1, K, K> weight;
        parameter<role::bias, init::zero, C> bias;
        static constexpr video_size after(const video_size& x) { return geometry_over(padding, x).after(x); }
        void forward(auto& ctx, const auto& w, auto x, auto y) const {
            ops::depthwise_conv(ctx, geometry_over(padding, size_of(x)), x, w(weight), w.exact(bias), y);
            ops::activate<activation::relu6>(ctx, y, y);
        }
    };

    /// Widened, filtered each channel alone, narrowed; added to what it sees where the shape stays.
    template <int In, int Out, int K, int Stride = 1, int Widen = 6> struct block {
        static constexpr int inner = In * Widen;
        static constexpr bool widens = Widen != 1;
        template <int> static constexpr int channels = Out;
        std::conditional_t<widens, conv<In, inner>, nothing> expand;
        depthwise<inner, K, Stride> filter;
        conv<inner, Out, 1, 1, activation::identity> project;

        static constexpr void each(auto& self, auto&& visit) {
            if constexpr (widens) {
                visit("_expand_conv.weight", self.expand.weight);
                visit("_bn0.bias", self.expand.bias);
            }
            visit("_depthwise_conv.weight", self.filter.weight);
            visit("_bn1.bias", self.filter.bias);
            visit("_project_conv.weight", self.project.weight);
            visit("_bn2.bias", self.project.bias);
        }
        static constexpr video_size after(const video_size& x) { return depthwise<inner, K, Stride>::after(x); }
        void forward(auto& ctx, const auto& w, auto x, auto y) const {
            if constexpr (widens) nn::in_turn(expand, filter, project).forward(ctx, w, x, y);
            else nn::in_turn(filter, project).forward(ctx, w, x, y);
            if constexpr (Stride == 1 && In == Out) ops::accumulate(ctx, x, y);
        }
    };

    conv<3, 32, 3, 2> stem;
    std::tuple<block<32, 16, 3, 1, 1>,                                                            //
               block<16, 24, 3, 2>, block<24, 24, 3>,                                             //
               block<24, 40, 5, 2>, block<40, 40, 5>,                                             //
               block<40, 80, 3, 2>, block<80, 80, 3>, block<80, 80, 3>,                           //
               block<80, 112, 5>, block<112, 112, 5>, block<112, 112, 5>,                         //
               block<112, 192, 5, 2>, block<192, 192, 5>, block<192, 192, 5>, block<192, 192, 5>, //
               block<192, 320, 3>>
        blocks;
    conv<320, features> head;
    nn::frozen_conv<frame_kernel<init::xavier, classes, features, 1, 1>, conv_geometry{}, activation::identity> fc;

    static constexpr std::array<std::string_view, 16> block_names{
        "_blocks.0", "_blocks.1", "_blocks.2",  "_blocks.3",  "_blocks.4",  "_blocks.5",  "_blocks.6",  "_blocks.7",
        "_blocks.8", "_blocks.9", "_blocks.10", "_blocks.11", "_blocks.12", "_blocks.13", "_blocks.14", "_blocks.15"};
    static constexpr void each(auto& self, auto&& visit) {
        visit("_conv_stem.weight", self.stem.weight);
        visit("_bn0.bias", self.stem.bias);
        std::apply(
            [&](auto&... one) {
                std::size_t i = 0;
                (visit(block_names[i++], one), ...);
            },
            self.blocks);
        visit("_conv_head.weight", self.head.weight);
        visit("_bn1.bias", self.head.bias);
        visit("_fc", self.fc);
    }

    /// The batch norm behind each convolution.
    static std::string norm_of(const std::string& parameter) {
        for (const auto& [convolution, norm] :
             {std::pair("_conv_stem.weight", "_bn0"), std::pair("_conv_head.weight", "_bn1"),
              std::pair("_expand_conv.weight", "_bn0"), std::pair("_depthwise_conv.weight", "_bn1"),
              std::pair("_project_conv.weight", "_bn2")})
            if (parameter.ends_with(convolution))
                return parameter.substr(0, parameter.size() - std::string_view(convolution).size()) + norm;
        return parameter.ends_with(".bias") && parameter != "_fc.bias" ? parameter.substr(0, parameter.size() - 5) : "";
    }

    /// x [B, 1, 224, 224, 3] of pixels in [-1, 1]; y [B, features], logits [B, classes].
    void forward(auto& ctx, const auto& w, auto x, auto y, auto logits) const {
        using A = std::remove_const_t<typename decltype(x)::element>;
        const arena::scope scope(ctx.arena);
        const auto seen = size_of(x).template take<A, 3>(ctx.arena); // (brightness of [0, 255] - 127) / 128
        const auto shift = ctx.arena.template take<A, 3>(), scale = ctx.arena.template take<A, 3>();
        ops::fill(ctx, shift, -0.5 / 127.5);
        ops::fill(ctx, scale, 128 / 127.5);
        ops::normalise(ctx, x, shift.read(), scale.read(), seen);
        std::apply(
            [&](const auto&... one) {
                nn::in_turn(stem, one..., head, nn::average_pool<nn::everything{}>())
                    .forward(ctx, w, seen, nn::as_video(y));
            },
            blocks);
        fc.forward(ctx, w, nn::as_video(y), nn::as_video(logits));
    }
};

} // namespace walt
