// Inception v3 in the form that FID and the inception score of images are of (Szegedy et al., CVPR 2016; docs/model.md
// 21.1): average pools do not count padding, and the last block pools by the maximum. Its parameters have torchvision's
// names, batch norms folded.
#pragma once

#include "../ops/resize.hpp"
#include "frozen_layers.hpp"

#include <string_view>

namespace walt {

/// Divide: the share of the width that is left, for tests; FID is a name for the whole network's distance alone.
template <int Divide = 1> struct inception {
    static constexpr std::string_view name = Divide == 1 ? "Inception v3 (FID form)" : "Inception v3, narrowed",
                                      frechet_name = Divide == 1 ? "FID" : "Frechet";
    static constexpr bool sees_images = true, features_are_logits = false;
    static constexpr int features = 2048 / Divide, classes = 1008 / Divide, height = 299, width = 299, at_once = 8;
    static constexpr resizing resized = resizing::centres;
    static constexpr double epsilon = 1e-3; ///< of the batch norms

    static constexpr int n(int channels) { return channels == 3 ? 3 : channels / Divide; }
    static constexpr conv_geometry over(int rows, int columns, int stride, bool pads) {
        return {{},
                {rows, stride, pads ? rows / 2 : 0, pads ? rows / 2 : 0},
                {columns, stride, pads ? columns / 2 : 0, pads ? columns / 2 : 0}};
    }

    /// ReLU(norm(conv(x))), padded to keep the size where it pads.
    template <int In, int Out, int Kh, int Kw, int Stride = 1, bool Pads = Stride == 1>
    struct conv : nn::frozen_conv<frame_kernel<init::xavier, n(Out), n(In), Kh, Kw>, over(Kh, Kw, Stride, Pads)> {
        static constexpr void each(auto& self, auto&& visit) {
            visit("conv.weight", self.weight);
            visit("bn.bias", self.bias);
        }
    };
    using halve = nn::max_pool<conv_geometry::each_frame(3, 2, 0)>;
    using average = nn::average_pool<conv_geometry::each_frame(3, 1, 1)>;
    using largest = nn::max_pool<conv_geometry::each_frame(3, 1, 1)>;

    template <int In, int Pool> struct block_a {
        template <int> static constexpr int channels = n(64) + n(64) + n(96) + n(Pool);
        conv<In, 64, 1, 1> branch1x1;
        conv<In, 48, 1, 1> branch5x5_1;
        conv<48, 64, 5, 5> branch5x5_2;
        conv<In, 64, 1, 1> branch3x3dbl_1;
        conv<64, 96, 3, 3> branch3x3dbl_2;
        conv<96, 96, 3, 3> branch3x3dbl_3;
        conv<In, Pool, 1, 1> branch_pool;

        static constexpr void each(auto& self, auto&& visit) {
            visit("branch1x1", self.branch1x1);
            visit("branch5x5_1", self.branch5x5_1);
            visit("branch5x5_2", self.branch5x5_2);
            visit("branch3x3dbl_1", self.branch3x3dbl_1);
            visit("branch3x3dbl_2", self.branch3x3dbl_2);
            visit("branch3x3dbl_3", self.branch3x3dbl_3);
            visit("branch_pool", self.branch_pool);
        }
        static constexpr video_size after(const video_size& x) { return x; }
        void forward(auto& ctx, const auto& w, auto x, auto y) const {
            nn::beside(branch1x1, nn::in_turn(branch5x5_1, branch5x5_2),
                       nn::in_turn(branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3), nn::in_turn(average(), branch_pool))
                .forward(ctx, w, x, y);
        }
    };
    template <int In> struct block_b {
        template <int> static constexpr int channels = n(384) + n(96) + n(In);
        conv<In, 384, 3, 3, 2> branch3x3;
        conv<In, 64, 1, 1> branch3x3dbl_1;
        conv<64, 96, 3, 3> branch3x3dbl_2;
        conv<96, 96, 3, 3, 2> branch3x3dbl_3;

        static constexpr void each(auto& self, auto&& visit) {
            visit("branch3x3", self.branch3x3);
            visit("branch3x3dbl_1", self.branch3x3dbl_1);
            visit("branch3x3dbl_2", self.branch3x3dbl_2);
            visit("branch3x3dbl_3", self.branch3x3dbl_3);
        }
        static constexpr video_size after(const video_size& x) { return halve::after(x); }
        void forward(auto& ctx, const auto& w, auto x, auto y) const {
            nn::beside(branch3x3, nn::in_turn(branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3), halve())
                .forward(ctx, w, x, y);
        }
    };
    template <int Through> struct block_c {
        template <int> static constexpr int channels = 4 * n(192);
        conv<768, 192, 1, 1> branch1x1;
        conv<768, Through, 1, 1> branch7x7_1;
        conv<Through, Through, 1, 7> branch7x7_2;
        conv<Through, 192, 7, 1> branch7x7_3;
        conv<768, Through, 1, 1> branch7x7dbl_1;
        conv<Through, Through, 7, 1> branch7x7dbl_2;
        conv<Through, Through, 1, 7> branch7x7dbl_3;
        conv<Through, Through, 7, 1> branch7x7dbl_4;
        conv<Through, 192, 1, 7> branch7x7dbl_5;
        conv<768, 192, 1, 1> branch_pool;

        static constexpr void each(auto& self, auto&& visit) {
            visit("branch1x1", self.branch1x1);
            visit("branch7x7_1", self.branch7x7_1);
            visit("branch7x7_2", self.branch7x7_2);
            visit("branch7x7_3", self.branch7x7_3);
            visit("branch7x7dbl_1", self.branch7x7dbl_1);
            visit("branch7x7dbl_2", self.branch7x7dbl_2);
            visit("branch7x7dbl_3", self.branch7x7dbl_3);
            visit("branch7x7dbl_4", self.branch7x7dbl_4);
            visit("branch7x7dbl_5", self.branch7x7dbl_5);
            visit("branch_pool", self.branch_pool);
        }
        static constexpr video_size after(const video_size& x) { return x; }
        void forward(auto& ctx, const auto& w, auto x, auto y) const {
            nn::beside(branch1x1, nn::in_turn(branch7x7_1, branch7x7_2, branch7x7_3),
                       nn::in_turn(branch7x7dbl_1, branch7x7dbl_2, branch7x7dbl_3, branch7x7dbl_4, branch7x7dbl_5),
                       nn::in_turn(average(), branch_pool))
                .forward(ctx, w, x, y);
        }
    };
    struct block_d {
        template <int> static constexpr int channels = n(320) + n(192) + n(768);
        conv<768, 192, 1, 1> branch3x3_1;
        conv<192, 320, 3, 3, 2> branch3x3_2;
        conv<768, 192, 1, 1> branch7x7x3_1;
        conv<192, 192, 1, 7> branch7x7x3_2;
        conv<192, 192, 7, 1> branch7x7x3_3;
        conv<192, 192, 3, 3, 2> branch7x7x3_4;

        static constexpr void each(auto& self, auto&& visit) {
            visit("branch3x3_1", self.branch3x3_1);
            visit("branch3x3_2", self.branch3x3_2);
            visit("branch7x7x3_1", self.branch7x7x3_1);
            visit("branch7x7x3_2", self.branch7x7x3_2);
            visit("branch7x7x3_3", self.branch7x7x3_3);
            visit("branch7x7x3_4", self.branch7x7x3_4);
        }
        static constexpr video_size after(const video_size& x) { return halve::after(x); }
        void forward(auto& ctx, const auto& w, auto x, auto y) const {
            nn::beside(nn::in_turn(branch3x3_1, branch3x3_2),
                       nn::in_turn(branch7x7x3_1, branch7x7x3_2, branch7x7x3_3, branch7x7x3_4), halve())
                .forward(ctx, w, x, y);
        }
    };
    template <int In, class Pool> struct block_e {
        template <int> static constexpr int channels = n(320) + 4 * n(384) + n(192);
        conv<In, 320, 1, 1> branch1x1;
        conv<In, 384, 1, 1> branch3x3_1;
        conv<384, 384, 1, 3> branch3x3_2a;
        conv<384, 384, 3, 1> branch3x3_2b;
        conv<In, 448, 1, 1> branch3x3dbl_1;
        conv<448, 384, 3, 3> branch3x3dbl_2;
        conv<384, 384, 1, 3> branch3x3dbl_3a;
        conv<384, 384, 3, 1> branch3x3dbl_3b;
        conv<In, 192, 1, 1> branch_pool;

        static constexpr void each(auto& self, auto&& visit) {
            visit("branch1x1", self.branch1x1);
            visit("branch3x3_1", self.branch3x3_1);
            visit("branch3x3_2a", self.branch3x3_2a);
            visit("branch3x3_2b", self.branch3x3_2b);
            visit("branch3x3dbl_1", self.branch3x3dbl_1);
            visit("branch3x3dbl_2", self.branch3x3dbl_2);
            visit("branch3x3dbl_3a", self.branch3x3dbl_3a);
            visit("branch3x3dbl_3b", self.branch3x3dbl_3b);
            visit("branch_pool", self.branch_pool);
        }
        static constexpr video_size after(const video_size& x) { return x; }
        void forward(auto& ctx, const auto& w, auto x, auto y) const {
            nn::beside(branch1x1, nn::in_turn(branch3x3_1, nn::beside(branch3x3_2a, branch3x3_2b)),
                       nn::in_turn(branch3x3dbl_1, branch3x3dbl_2, nn::beside(branch3x3dbl_3a, branch3x3dbl_3b)),
                       nn::in_turn(Pool(), branch_pool))
                .forward(ctx, w, x, y);
        }
    };

    conv<3, 32, 3, 3, 2> Conv2d_1a_3x3;
    conv<32, 32, 3, 3, 1, false> Conv2d_2a_3x3;
    conv<32, 64, 3, 3> Conv2d_2b_3x3;
    conv<64, 80, 1, 1> Conv2d_3b_1x1;
    conv<80, 192, 3, 3, 1, false> Conv2d_4a_3x3;
    block_a<192, 32> Mixed_5b;
    block_a<256, 64> Mixed_5c;
    block_a<288, 64> Mixed_5d;
    block_b<288> Mixed_6a;
    block_c<128> Mixed_6b;
    block_c<160> Mixed_6c;
    block_c<160> Mixed_6d;
    block_c<192> Mixed_6e;
    block_d Mixed_7a;
    block_e<1280, average> Mixed_7b;
    block_e<2048, largest> Mixed_7c;
    nn::frozen_conv<frame_kernel<init::xavier, classes, features, 1, 1>, conv_geometry{}, activation::identity> fc;

    static constexpr void each(auto& self, auto&& visit) {
        visit("Conv2d_1a_3x3", self.Conv2d_1a_3x3);
        visit("Conv2d_2a_3x3", self.Conv2d_2a_3x3);
        visit("Conv2d_2b_3x3", self.Conv2d_2b_3x3);
        visit("Conv2d_3b_1x1", self.Conv2d_3b_1x1);
        visit("Conv2d_4a_3x3", self.Conv2d_4a_3x3);
        visit("Mixed_5b", self.Mixed_5b);
        visit("Mixed_5c", self.Mixed_5c);
        visit("Mixed_5d", self.Mixed_5d);
        visit("Mixed_6a", self.Mixed_6a);
        visit("Mixed_6b", self.Mixed_6b);
        visit("Mixed_6c", self.Mixed_6c);
        visit("Mixed_6d", self.Mixed_6d);
        visit("Mixed_6e", self.Mixed_6e);
        visit("Mixed_7a", self.Mixed_7a);
        visit("Mixed_7b", self.Mixed_7b);
        visit("Mixed_7c", self.Mixed_7c);
        visit("fc", self.fc);
    }
    /// The head that only training has.
    static bool leaves_out(std::string_view tensor) { return tensor.starts_with("AuxLogits."); }

    /// x [B, 1, 299, 299, 3] of pixels in [-1, 1]; y [B, features], logits [B, classes].
    void forward(auto& ctx, const auto& w, auto x, auto y, auto logits) const {
        nn::in_turn(Conv2d_1a_3x3, Conv2d_2a_3x3, Conv2d_2b_3x3, halve(),                           //
                    Conv2d_3b_1x1, Conv2d_4a_3x3, halve(),                                          //
                    Mixed_5b, Mixed_5c, Mixed_5d, Mixed_6a, Mixed_6b, Mixed_6c, Mixed_6d, Mixed_6e, //
                    Mixed_7a, Mixed_7b, Mixed_7c, nn::average_pool<nn::everything{}>())
            .forward(ctx, w, x, nn::as_video(y));
        fc.forward(ctx, w, nn::as_video(y).read(), nn::as_video(logits));
    }
};

} // namespace walt
