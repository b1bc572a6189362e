// I3D, the inflated Inception of videos (Carreira and Zisserman, CVPR 2017; docs/model.md 21.1): its logits of
// Kinetics-400 are the features of FVD. Its parameters have pytorch_i3d's names, batch norms folded.
#pragma once

#include "../ops/resize.hpp"
#include "frozen_layers.hpp"

#include <string_view>

namespace walt {

/// Divide: the share of the width that is left, for tests; FVD is a name for the whole network's distance alone.
template <int Divide = 1> struct i3d {
    static constexpr std::string_view name = Divide == 1 ? "I3D (Kinetics-400 logits)" : "I3D, narrowed",
                                      frechet_name = Divide == 1 ? "FVD" : "Frechet";
    static constexpr bool sees_images = false, features_are_logits = true;
    static constexpr int features = 400 / Divide, classes = features, height = 224, width = 224, at_once = 1;
    static constexpr resizing resized = resizing::corners;
    static constexpr double epsilon = 1e-3; ///< of the batch norms

    static constexpr int n(int channels) { return channels == 3 ? 3 : channels / Divide; }

    /// ReLU(norm(conv(x))), a cube of K, padded as TensorFlow does.
    template <int In, int Out, int K, int Stride = 1>
    struct unit : nn::frozen_conv<kernel<init::xavier, n(Out), n(In), K, K, K>, nn::same_padding::cube(K, Stride)> {
        static constexpr void each(auto& self, auto&& visit) {
            visit("conv3d.weight", self.weight);
            visit("bn.bias", self.bias);
        }
    };
    template <int Kt, int K, int St, int S> using max_pool = nn::max_pool<nn::same_padding{{Kt, K, K}, {St, S, S}}>;

    template <int In, int B0, int B1a, int B1b, int B2a, int B2b, int B3b> struct mixed {
        template <int> static constexpr int channels = n(B0) + n(B1b) + n(B2b) + n(B3b);
        unit<In, B0, 1> b0;
        unit<In, B1a, 1> b1a;
        unit<B1a, B1b, 3> b1b;
        unit<In, B2a, 1> b2a;
        unit<B2a, B2b, 3> b2b;
        unit<In, B3b, 1> b3b;

        static constexpr void each(auto& self, auto&& visit) {
            visit("b0", self.b0);
            visit("b1a", self.b1a);
            visit("b1b", self.b1b);
            visit("b2a", self.b2a);
            visit("b2b", self.b2b);
            visit("b3b", self.b3b);
        }
        static constexpr video_size after(const video_size& x) { return x; }
        void forward(auto& ctx, const auto& w, auto x, auto y) const {
            nn::beside(b0, nn::in_turn(b1a, b1b), nn::in_turn(b2a, b2b), nn::in_turn(max_pool<3, 3, 1, 1>(), b3b))
                .forward(ctx, w, x, y);
        }
    };
    struct map
        : nn::frozen_conv<kernel<init::xavier, features, n(1024), 1, 1, 1>, conv_geometry{}, activation::identity> {
        static constexpr void each(auto& self, auto&& visit) {
            visit("conv3d.weight", self.weight);
            visit("conv3d.bias", self.bias);
        }
    };

    unit<3, 64, 7, 2> Conv3d_1a_7x7;
    unit<64, 64, 1> Conv3d_2b_1x1;
    unit<64, 192, 3> Conv3d_2c_3x3;
    mixed<192, 64, 96, 128, 16, 32, 32> Mixed_3b;
    mixed<256, 128, 128, 192, 32, 96, 64> Mixed_3c;
    mixed<480, 192, 96, 208, 16, 48, 64> Mixed_4b;
    mixed<512, 160, 112, 224, 24, 64, 64> Mixed_4c;
    mixed<512, 128, 128, 256, 24, 64, 64> Mixed_4d;
    mixed<512, 112, 144, 288, 32, 64, 64> Mixed_4e;
    mixed<528, 256, 160, 320, 32, 128, 128> Mixed_4f;
    mixed<832, 256, 160, 320, 32, 128, 128> Mixed_5b;
    mixed<832, 384, 192, 384, 48, 128, 128> Mixed_5c;
    map logits;

    static constexpr void each(auto& self, auto&& visit) {
        visit("Conv3d_1a_7x7", self.Conv3d_1a_7x7);
        visit("Conv3d_2b_1x1", self.Conv3d_2b_1x1);
        visit("Conv3d_2c_3x3", self.Conv3d_2c_3x3);
        visit("Mixed_3b", self.Mixed_3b);
        visit("Mixed_3c", self.Mixed_3c);
        visit("Mixed_4b", self.Mixed_4b);
        visit("Mixed_4c", self.Mixed_4c);
        visit("Mixed_4d", self.Mixed_4d);
        visit("Mixed_4e", self.Mixed_4e);
        visit("Mixed_4f", self.Mixed_4f);
        visit("Mixed_5b", self.Mixed_5b);
        visit("Mixed_5c", self.Mixed_5c);
        visit("logits", self.logits);
    }

    static void check_frames(std::int64_t frames) {
        require(frames >= 9, "I3D halves a clip in time until 2 frames are left of 9; clips of {} came", frames);
    }

    /// x [B, F, 224, 224, 3] of pixels in [-1, 1]; y [B, features]. (With features_are_logits no logits are asked for.)
    void forward(auto& ctx, const auto& w, auto x, auto y, none) const {
        nn::in_turn(Conv3d_1a_7x7, max_pool<1, 3, 1, 2>(),                                    //
                    Conv3d_2b_1x1, Conv3d_2c_3x3, max_pool<1, 3, 1, 2>(),                     //
                    Mixed_3b, Mixed_3c, max_pool<3, 3, 2, 2>(),                               //
                    Mixed_4b, Mixed_4c, Mixed_4d, Mixed_4e, Mixed_4f, max_pool<2, 2, 2, 2>(), //
                    Mixed_5b, Mixed_5c, nn::average_pool<conv_geometry::valid({2, 7, 7})>(),  //
                    logits, nn::average_pool<nn::everything{}>())
            .forward(ctx, w, x, nn::as_video(y));
    }
};

} // namespace walt
