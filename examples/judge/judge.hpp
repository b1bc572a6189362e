// Does a generated clip show what its caption says? A small network tells the item, hue and drift the rest.
#pragma once

#include "colour_and_direction.hpp"

#include <walt/cpu.hpp>
#include <walt/nn/group_norm_silu.hpp>
#include <walt/nn/linear.hpp>
#include <walt/train/checkpoint.hpp>
#include <walt/train/trainer.hpp>

#include <array>
#include <filesystem>

namespace judge {

/// Height and width of the frames that the demo makes and its judge looks at.
inline constexpr int side = 48;
inline constexpr std::int64_t frame_size = 3 * side * side;

/// What a clip shows: indices into moving_fashion::items, colours and directions; colour and direction are -1 if
/// unclear.
struct verdict {
    int item = 0, colour = 0, direction = 0;
};

/// A 3 x 3 convolution of every frame, group norm, SiLU.
template <int In, int Out, int Step> struct stage {
    static constexpr auto geometry = walt::conv_geometry::same_symmetric({1, 3, 3}, {1, Step, Step});
    walt::kernel<walt::init::xavier, Out, In, 1, 3, 3> weight;
    walt::nn::group_norm_silu<Out, 4> norm;

    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("norm", self.norm);
    }

    /// x is the input, y the output, `inner` lies between convolution and norm.
    template <class T> struct saved {
        walt::view<T, walt::dynamic, walt::dynamic, walt::dynamic, walt::dynamic, Out> inner, y;
        typename walt::nn::group_norm_silu<Out, 4>::template saved<T> statistics;
        saved(walt::arena& from, const walt::video_size& x)
            : inner(geometry.after(x).template take<T, Out>(from)), y(geometry.after(x).template take<T, Out>(from)),
              statistics(from, geometry.after(x)) {}
    };

    template <class T> void forward(auto& ctx, const walt::weights<T>& w, auto x, const saved<T>& keep) const {
        walt::ops::conv3d(ctx, geometry, x, w(weight), walt::none{}, keep.inner);
        norm.forward(ctx, w, keep.inner, keep.y, keep.statistics);
    }
    /// dy is overwritten. Pass none{} for dx to leave it out.
    template <class T, class DX>
    void backward(auto& ctx, const walt::weights<T>& w, auto x, const saved<T>& keep, auto dy, DX dx,
                  const auto& g) const {
        norm.backward(ctx, w, keep.inner, keep.statistics, dy, dy, g);
        walt::ops::conv3d_grad_weight(ctx, geometry, x, dy, g(weight), walt::none{});
        if constexpr (!walt::is_none<DX>) walt::ops::conv3d_grad_input(ctx, geometry, dy, w(weight), dx);
    }
};

/// What the network sees of a frame: the chroma of a square around the coloured pixels' centroid, moved by (dx, dy)
/// pixels; of the frame's middle where nothing has colour. So it need not learn that place, tint and background do not
/// matter. The demo's clothes are up to 36 pixels wide.
inline constexpr int window = 36;
void look(const float* frame, int dx, int dy, float* seen);

/// Windows [N, 1, 36, 36, 1] to logits [N, 10].
struct item_network {
    static constexpr int items = 10, features = window / 4 * (window / 4) * 128;
    stage<1, 32, 1> first;
    stage<32, 64, 2> second;
    stage<64, 128, 2> third;
    stage<128, 128, 1> fourth;
    walt::nn::linear<features, items> head;

    static constexpr void each(auto& self, auto&& visit) {
        visit("first", self.first);
        visit("second", self.second);
        visit("third", self.third);
        visit("fourth", self.fourth);
        visit("head", self.head);
    }

    /// What a judge's file says of its network.
    static constexpr void describe(auto&& field) {
        field("judge", "items of moving fashion");
        field("channels", std::array{32, 64, 128, 128});
    }

    template <class T> struct saved {
        stage<1, 32, 1>::saved<T> first;
        stage<32, 64, 2>::saved<T> second;
        stage<64, 128, 2>::saved<T> third;
        stage<128, 128, 1>::saved<T> fourth;
        saved(walt::arena& from, const walt::video_size& x)
            : first(from, x), second(from, walt::size_of(first.y)), third(from, walt::size_of(second.y)),
              fourth(from, walt::size_of(third.y)) {}
    };

    template <class T>
    void forward(auto& ctx, const walt::weights<T>& w, auto x, const saved<T>& keep, auto logits) const {
        first.forward(ctx, w, x, keep.first);
        second.forward(ctx, w, keep.first.y, keep.second);
        third.forward(ctx, w, keep.second.y, keep.third);
        fourth.forward(ctx, w, keep.third.y, keep.fourth);
        head.forward(ctx, w, flat(keep.fourth.y), logits);
    }

    template <class T>
    void backward(auto& ctx, const walt::weights<T>& w, auto x, const saved<T>& keep, auto dlogits,
                  const auto& g) const {
        const auto like = [&](auto y) {
            return walt::size_of(y).template take<T, decltype(y)::static_extent(4)>(ctx.arena);
        };
        const walt::arena::scope scope(ctx.arena);
        const auto dfourth = like(keep.fourth.y), dthird = like(keep.third.y);
        const auto dsecond = like(keep.second.y);
        const auto dfirst = like(keep.first.y);
        head.backward_parameters(ctx, flat(keep.fourth.y), dlogits, g);
        head.backward_input(ctx, w, dlogits, flat(dfourth));
        fourth.backward(ctx, w, keep.third.y, keep.fourth, dfourth, dthird, g);
        third.backward(ctx, w, keep.second.y, keep.third, dthird, dsecond, g);
        second.backward(ctx, w, keep.first.y, keep.second, dsecond, dfirst, g);
        first.backward(ctx, w, x, keep.first, dfirst, walt::none{}, g);
    }

  private:
    static auto flat(auto y) { return y.template as<walt::dynamic, features>(y.extent(0)); }
};

/// The network with its parameters.
using item_model = walt::model<walt::cpu::context, item_network, walt::bf16>;

/// What the network sees of single frames, and their items.
struct window_batch {
    std::vector<float> seen; ///< [count, 36, 36]
    std::vector<int> item;   ///< [count]
};

/// The mean cross-entropy of a batch and its gradient, for walt::trainer.
struct cross_entropy {
    void operator()(const item_model& model, const window_batch& batch, walt::gradients<float> g, walt::philox,
                    walt::view<float, 1> loss) const;
};

/// Tells which of the ten items a frame or a clip shows.
class item_judge {
  public:
    /// Reads folder/judge.safetensors; without one trains for so many steps and writes it. Interrupted training throws
    /// walt::error and goes on from its last state at the next start.
    item_judge(walt::cpu::context& ctx, const std::filesystem::path& folder, std::int64_t steps);

    /// [frames, 10], for frames [frames, side, side, 3] in [-1, 1].
    std::vector<float> log_probabilities(const float* pixels, int frames) const;

    verdict operator()(const float* pixels, int frames) const;

  private:
    item_model model_;
};

/// The most probable item of rows of log-probabilities [frames, 10], by their mean over the frames.
int most_probable(const float* logs, int frames);

} // namespace judge
