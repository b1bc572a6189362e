// How long videos drift: what their frames look like, round by round, on the host (docs/model.md 15).
#pragma once

#include "frechet.hpp"
#include "reconstructions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace walt {

/// Of frames in [0, 1] (pixels outside are clamped).
struct frame_looks {
    std::int64_t frames = 0;
    std::array<double, 3> colour{}; ///< mean of red, green and blue over all pixels
    double sharpness = 0; ///< root mean square of the differences between neighbours, in a row and in a column

    /// Of all frames of clips [B, F, H, W, 3] of 2 x 2 pixels or more.
    static frame_looks of(const clips& x) {
        x.check();
        const std::int64_t H = x.shape.height, W = x.shape.width;
        require(x.shape.channels == 3 && H >= 2 && W >= 2,
                "looks are of frames of 2 x 2 pixels or more with 3 channels; these have {} x {} with {}", H, W,
                x.shape.channels);
        frame_looks made;
        made.frames = x.shape.count * x.shape.frames;
        double squares = 0;
        for (std::int64_t n = 0; n < made.frames; ++n) {
            const float* frame = x.pixels.data() + n * x.shape.frame();
            for (std::int64_t i = 0; i < H * W * 3; ++i) {
                const double here = detail::unit_pixel(frame[i]);
                made.colour[static_cast<std::size_t>(i % 3)] += here;
                const auto apart = [&](std::int64_t j) { return std::pow(detail::unit_pixel(frame[j]) - here, 2); };
                if (i / 3 % W + 1 < W) squares += apart(i + 3);
                if (i / 3 / W + 1 < H) squares += apart(i + 3 * W);
            }
        }
        const auto frames = static_cast<double>(made.frames);
        for (double& one : made.colour) one /= frames * static_cast<double>(H * W);
        made.sharpness = std::sqrt(squares / (3 * frames * static_cast<double>(H * (W - 1) + W * (H - 1))));
        return made;
    }
    /// Of these frames and others.
    void add(const frame_looks& more) {
        const double old = static_cast<double>(frames), news = static_cast<double>(more.frames), all = old + news;
        for (std::size_t c = 0; c < 3; ++c) colour[c] = (old * colour[c] + news * more.colour[c]) / all;
        sharpness = std::sqrt((old * sharpness * sharpness + news * more.sharpness * more.sharpness) / all);
        frames += more.frames;
    }
};

/// A table of rounds: the looks of their frames, and the Frechet distance from real ones in a named space of features.
///     walt::drift drift("item features", distance); // a perceptual_distance: anything with pooled() and
///     pooled_features drift.add_real(clips); drift.add(round, video.next(told));
template <class Features> class drift {
  public:
    /// Refers to `features`.
    drift(std::string space, const Features& features) : space_(std::move(space)), features_(&features) {}
    drift(std::string space, const Features&& features) = delete; // a temporary would be gone

    /// Frames of real clips, which rounds are compared with.
    void add_real(const clips& frames) { add(real_, frames); }
    /// Frames that a round made, 0 the first clip; of any number of videos, in any order.
    void add(std::int64_t round, const clips& frames) {
        require(round >= 0, "rounds count from 0, the first clip; {} came", round);
        if (rounds_.size() <= static_cast<std::size_t>(round)) rounds_.resize(static_cast<std::size_t>(round) + 1);
        add(rounds_[static_cast<std::size_t>(round)], frames);
    }
    std::int64_t rounds() const { return static_cast<std::int64_t>(rounds_.size()); }

    /// red, green, blue, sharpness, Frechet (the space's name).
    named_numbers of(std::int64_t round) const {
        require(round >= 0 && round < rounds(), "{} rounds were measured, and {} is asked for", rounds(), round);
        return numbers(rounds_[static_cast<std::size_t>(round)]);
    }
    /// The same of the real frames; the distance from themselves is 0.
    named_numbers of_real() const { return numbers(real_); }

  private:
    struct group {
        frame_looks looks;
        feature_statistics features;
    };
    void add(group& to, const clips& frames) {
        to.looks.add(frame_looks::of(frames));
        to.features.add(features_->pooled(frames), Features::pooled_features);
    }
    named_numbers numbers(const group& of) const {
        return {{"red", of.looks.colour[0]},
                {"green", of.looks.colour[1]},
                {"blue", of.looks.colour[2]},
                {"sharpness", of.looks.sharpness},
                {"Frechet (" + space_ + ")", std::max(0.0, frechet_distance(real_.features, of.features))}};
    }

    std::string space_;
    const Features* features_;
    group real_;
    std::vector<group> rounds_;
};
template <class Features> drift(std::string, const Features&) -> drift<Features>;

} // namespace walt
