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

/// Of frames in [0, 1] (pixels outside are clamped), without what is missing of them (clips::present).
struct frame_looks {
    std::int64_t pixels = 0, pairs = 0; ///< that count: pixels that are present, and neighbours that both are
    std::array<double, 3> colour{};     ///< mean of red, green and blue over the pixels; 0 where there are none
    double sharpness = 0; ///< root mean square of the differences between neighbours, in a row and in a column

    /// Of all frames of clips [B, F, H, W, 3] of 2 x 2 pixels or more.
    static frame_looks of(const clips& x) {
        x.check();
        const std::int64_t H = x.shape.height, W = x.shape.width;
        require(x.shape.channels == 3 && H >= 2 && W >= 2,
                "looks are of frames of 2 x 2 pixels or more with 3 channels; these have {} x {} with {}", H, W,
                x.shape.channels);
        frame_looks made;
        std::array<double, 3> sums{};
        double squares = 0;
        const auto there = [&](std::int64_t i) {
            return x.present.empty() || x.present[static_cast<std::size_t>(i)] != 0;
        };
        const auto value = [&](std::int64_t i, std::size_t c) {
            return detail::unit_pixel(x.pixels[static_cast<std::size_t>(3 * i) + c]);
        };
        const auto compare = [&](std::int64_t i, std::int64_t j) {
            if (!there(j)) return;
            ++made.pairs;
            for (std::size_t c = 0; c < 3; ++c) squares += std::pow(value(j, c) - value(i, c), 2);
        };
        for (std::int64_t i = 0; i < x.shape.size() / 3; ++i) {
            if (!there(i)) continue;
            ++made.pixels;
            for (std::size_t c = 0; c < 3; ++c) sums[c] += value(i, c);
            if (i % W + 1 < W) compare(i, i + 1);
            if (i / W % H + 1 < H) compare(i, i + W);
        }
        for (std::size_t c = 0; c < 3; ++c) made.colour[c] = mean(sums[c], made.pixels);
        require(!std::isnan(sums[0] + sums[1] + sums[2]), "looks are of pixels that are numbers; one of {} is none",
                made.pixels);
        made.sharpness = std::sqrt(mean(squares, 3 * made.pairs));
        return made;
    }
    /// Of these frames and others.
    void add(const frame_looks& more) {
        const auto sum = [](double a, std::int64_t of_a, double b, std::int64_t of_b) {
            return a * static_cast<double>(of_a) + b * static_cast<double>(of_b);
        };
        for (std::size_t c = 0; c < 3; ++c)
            colour[c] = mean(sum(colour[c], pixels, more.colour[c], more.pixels), pixels + more.pixels);
        sharpness = std::sqrt(
            mean(sum(sharpness * sharpness, pairs, more.sharpness * more.sharpness, more.pairs), pairs + more.pairs));
        pixels += more.pixels, pairs += more.pairs;
    }

  private:
    static double mean(double sum, std::int64_t count) { return count == 0 ? 0 : sum / static_cast<double>(count); }
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

    /// red, green, blue, sharpness, Frechet (the space's name; what rounding makes less than 0 is 0).
    named_numbers of(std::int64_t round) const {
        require(round >= 0 && round < rounds(), "{} rounds were measured, and {} is asked for", rounds(), round);
        return numbers(rounds_[static_cast<std::size_t>(round)]);
    }
    /// The same of the real frames; the distance from themselves is 0, but for rounding.
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
