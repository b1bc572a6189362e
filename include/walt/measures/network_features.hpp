// The features that a network with its weights makes of clips (docs/model.md 21.1): what distances are measured in.
#pragma once

#include "../core/identity.hpp"
#include "../ops/resize.hpp"
#include "clip_features.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace walt {

/// network_features fvd(device, i3d<>{}, compute<float>, feature_weights("i3d.safetensors"));
/// feature_rows rows = fvd(clips);
/// Models clip_features. It computes in float (double on the reference): numbers are compared with those of others.
/// The context outlives it.
///
/// A Network has the constants `name`, `frechet_name`, `features`, `classes`, `features_are_logits`, `sees_images`,
/// `height`, `width`, `resized` and `at_once` (clips, or frames, in one pass), `check_frames(F)` if it sees clips, and
///     forward(ctx, w, x [B, F, height, width, 3], y [B, features], logits [B, classes])
/// of pixels in [-1, 1], with F = 1 if it sees images, and none{} for logits where the features are these.
template <context Context, is_module Network, class T, class Storage = inference>
class network_features : public model<Context, Network, T, Storage> {
    using base = model<Context, Network, T, Storage>;
    static_assert(std::is_same_v<T, accumulate_t<T>>, "networks of measures compute in float, or in double");

  public:
    /// Starting values, for tests.
    network_features(Context& ctx, Network, compute_t<T>, seed from) requires Storage::writable : base(ctx, from) {}
    template <weights_source Source>
    network_features(Context& ctx, Network, compute_t<T>, const Source& from) : base(ctx, from) {}

    static std::string name() { return std::string(Network::name); }
    static std::string frechet_name() { return std::string(Network::frechet_name); }
    static std::string input() {
        constexpr std::array conventions{"TensorFlow-1 bilinear", "bilinear", "bilinear with aligned corners"};
        return fmt::format("{} x {}, {}", Network::height, Network::width,
                           conventions[static_cast<std::size_t>(Network::resized)]);
    }
    std::string identity() const {
        running_hash all(Network::name);
        all.add_parameters(*this);
        return all.text();
    }
    static constexpr int features() { return Network::features; }
    static constexpr int classes() { return Network::classes; }
    static constexpr bool sees_images() { return Network::sees_images; }

    feature_rows operator()(const clips& x) const {
        x.check();
        require(x.shape.channels == 3, "{} sees 3 channels; clips of {} came", Network::name, x.shape.channels);
        if constexpr (!Network::sees_images) {
            Network::check_frames(x.shape.frames);
            for (std::int64_t b = 0; b < x.shape.count; ++b)
                require(!x.is_stack(b), "{} sees videos; sample {} of {} is a stack of images", Network::name, b,
                        x.shape.count);
        }
        const std::int64_t frames = Network::sees_images ? 1 : x.shape.frames,
                           count = x.shape.count * x.shape.frames / frames;
        const std::vector<float> seen = x.seen();
        feature_rows rows{count, {}, {}};
        for (std::int64_t first = 0; first < count; first += Network::at_once)
            run(x.shape, seen, first,
                {std::min<std::int64_t>(Network::at_once, count - first), frames, x.shape.height, x.shape.width}, rows);
        return rows;
    }

  private:
    /// Clips (or frames) from `first` on, in one pass.
    void run(const video_shape& shape, const std::vector<float>& pixels, std::int64_t first, const video_size& size,
             feature_rows& rows) const {
        Context& ctx = this->context();
        const arena::scope scope(ctx.arena);
        const auto clip = static_cast<std::ptrdiff_t>(size.frames * shape.height * shape.width * 3);
        const auto begin = pixels.begin() + static_cast<std::ptrdiff_t>(first) * clip;
        const std::vector<T> part(begin, begin + static_cast<std::ptrdiff_t>(size.batch) * clip);
        const auto x = size.template take<T, 3>(ctx.arena);
        ctx.upload(x.data(), part.data(), part.size() * sizeof(T));
        const auto seen =
            video_size{size.batch, size.frames, Network::height, Network::width}.template take<T, 3>(ctx.arena);
        ops::resize(ctx, Network::resized, x, seen);
        const auto y = ctx.arena.template take<T, dynamic, Network::features>(size.batch);
        if constexpr (Network::features_are_logits) {
            base::network().forward(ctx, this->weights(), seen, y, none{});
            append(ctx, y, rows.features);
            append(ctx, y, rows.logits);
        } else {
            const auto logits = ctx.arena.template take<T, dynamic, Network::classes>(size.batch);
            base::network().forward(ctx, this->weights(), seen, y, logits);
            append(ctx, y, rows.features);
            append(ctx, logits, rows.logits);
        }
    }
    template <class Rows> static void append(Context& ctx, const Rows& from, std::vector<double>& to) {
        std::vector<T> host(static_cast<std::size_t>(from.size()));
        ctx.download(host.data(), from.data(), host.size() * sizeof(T));
        to.insert(to.end(), host.begin(), host.end());
    }
};
template <class Context, class Network, class T, weights_source Source>
network_features(Context&, Network, compute_t<T>, const Source&)
    -> network_features<Context, Network, T, typename Source::storage>;
template <class Context, class Network, class T>
network_features(Context&, Network, compute_t<T>, seed) -> network_features<Context, Network, T>;

} // namespace walt
