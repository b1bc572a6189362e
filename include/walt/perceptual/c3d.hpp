// C3D (Tran et al., ICCV 2015; docs/model.md 21.1): its logits of UCF-101 are what the inception score of videos is
// of.
#pragma once

#include "../core/parameter_table.hpp"
#include "../ops/resize.hpp"
#include "frozen_layers.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace walt {

/// Divide: the share of the width that is left, for tests.
template <int Divide = 1> struct c3d {
    static constexpr std::string_view name = Divide == 1 ? "C3D (UCF-101)" : "C3D, narrowed", frechet_name = "Frechet";
    static constexpr bool sees_images = false, features_are_logits = true;
    static constexpr int features = 101, classes = features, frames = 16, height = 112, width = 112, at_once = 1;
    static constexpr resizing resized = resizing::ends;

    static constexpr int n(int channels) { return channels == 3 ? 3 : channels / Divide; }
    template <int In, int Out>
    using conv =
        nn::frozen_conv<kernel<init::xavier, n(Out), n(In), 3, 3, 3>, conv_geometry::same_symmetric({3, 3, 3})>;
    template <int Kt> using pool = nn::max_pool<conv_geometry::valid({Kt, 2, 2}, {Kt, 2, 2})>;
    /// 2 x 7 x 7 becomes 1 x 4 x 4: beyond the last row and column lies a zero, which is no more than any ReLU.
    using last_pool = nn::max_pool<conv_geometry{{2, 2}, {2, 2, 0, 1}, {2, 2, 0, 1}}>;

    /// A linear map of all that a clip has become: a kernel in memory, and a matrix in the file, channels first.
    struct map_of_clip
        : nn::frozen_conv<kernel<init::xavier, n(4096), n(512), 1, 4, 4>, conv_geometry::valid({1, 4, 4})> {};
    template <int In, int Out, class Effect>
    using map = nn::frozen_conv<kernel<init::xavier, Out, In, 1, 1, 1>, conv_geometry{}, Effect>;

    statistic<init::zero, frames, height, width, 3> mean; ///< of pixels, RGB in [-1, 1]
    conv<3, 64> conv1;
    conv<64, 128> conv2;
    conv<128, 256> conv3a;
    conv<256, 256> conv3b;
    conv<256, 512> conv4a;
    conv<512, 512> conv4b, conv5a, conv5b;
    map_of_clip fc6;
    map<n(4096), n(4096), activation::relu> fc7;
    map<n(4096), features, activation::identity> fc8;

    static constexpr void each(auto& self, auto&& visit) {
        visit("mean", self.mean);
        visit("conv1", self.conv1);
        visit("conv2", self.conv2);
        visit("conv3a", self.conv3a);
        visit("conv3b", self.conv3b);
        visit("conv4a", self.conv4a);
        visit("conv4b", self.conv4b);
        visit("conv5a", self.conv5a);
        visit("conv5b", self.conv5b);
        visit("fc6", self.fc6);
        visit("fc7", self.fc7);
        visit("fc8", self.fc8);
    }

    static void check_frames(std::int64_t of_clip) {
        require(of_clip == frames, "C3D sees clips of {} frames; clips of {} came", frames, of_clip);
    }

    /// x [B, 16, 112, 112, 3] of pixels in [-1, 1]; y [B, features]. (With features_are_logits no logits are asked
    /// for.)
    void forward(auto& ctx, const auto& w, auto x, auto y, none) const {
        using A = std::remove_const_t<typename decltype(x)::element>;
        const arena::scope scope(ctx.arena);
        const auto centred = size_of(x).template take<A, 3>(ctx.arena);
        for (std::int64_t b = 0; b < x.extent(0); ++b) // steps of brightness, from the mean
            ops::blend(ctx, 127.5, x.slice(b, 1), -127.5, w.exact(mean), centred.slice(b, 1));
        nn::in_turn(conv1, pool<1>(), conv2, pool<2>(), conv3a, conv3b, pool<2>(), conv4a, conv4b, pool<2>(), //
                    conv5a, conv5b, last_pool(), fc6, fc7, fc8)
            .forward(ctx, w, centred, nn::as_video(y));
    }

    /// A parameter that its file has otherwise, in the file's order: there pixels are BGR of [0, 255], and the mean may
    /// be a colour or be left out (0). False: nothing is otherwise.
    static bool read(const auto& from, const parameter_row& row, std::vector<double>& values) {
        if (row.name == "conv1.weight") {
            values = from.file_of(row.name).template read<double>(row.name, row.shape);
            const std::size_t taps = 27;
            for (std::size_t i = 0; i < values.size(); ++i)
                if (i / taps % 3 == 0) std::swap(values[i], values[i + 2 * taps]);
            return true;
        }
        if (row.name != "mean") return false;
        std::vector<double> stored(3);
        if (from.names().contains("mean")) {
            const auto& file = from.file_of("mean");
            const bool one_a_channel = file.tensor("mean").shape.size() == 1;
            stored = file.template read<double>("mean", one_a_channel ? std::vector<std::int64_t>{3} : row.shape);
        }
        values.resize(row.size);
        for (std::size_t i = 0; i < row.size; ++i)
            values[i] = stored[(i - i % 3) % stored.size() + 2 - i % 3] / 127.5 - 1;
        return true;
    }
};

} // namespace walt
