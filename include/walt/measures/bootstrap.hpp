// What chance does to a measure: the same clips drawn again, with replacement (docs/model.md 21).
#pragma once

#include "../core/philox.hpp"
#include "../core/range.hpp"
#include "frechet.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace walt {

/// How clips are drawn again.
struct bootstrapping {
    int times = 1000;    ///< sets that are drawn; 0: no interval
    double level = 0.95; ///< part of them that an interval holds
    walt::seed seed{1};

    void check() const {
        require(times >= 0 && level > 0 && level < 1,
                "clips are drawn again 0 times or more, for an interval that holds a part of 0 to 1; these are {} and "
                "{}",
                times, level);
    }
};

/// A measure of some clips, and what others like them would have given. Without bootstrapping both ends are the value.
struct estimate {
    double value = 0;         ///< of the clips
    double low = 0, high = 0; ///< where it would lie for most sets of as many, less the bias
    double bias = 0;          ///< what the number of clips adds to it; 0 for a mean

    friend bool operator==(const estimate&, const estimate&) = default;
};

namespace detail {
/// statistic(times), where times[i] says how often unit i is drawn, for `how.times` draws of n out of n, sorted.
template <class Statistic>
std::vector<double> drawn_again(std::size_t units, const bootstrapping& how, Statistic&& statistic) {
    check_options(how);
    std::vector<double> found;
    std::vector<std::int64_t> times(units);
    for (int i = 0; i < how.times; ++i) {
        const philox draws{how.seed.value, static_cast<std::uint64_t>(i)};
        std::fill(times.begin(), times.end(), 0);
        for (std::size_t k = 0; k < units; ++k) ++times[draws.below(k, static_cast<std::uint32_t>(units))];
        found.push_back(statistic(std::as_const(times)));
    }
    std::sort(found.begin(), found.end());
    return found;
}
/// Between which the middle part of sorted numbers lies.
inline std::pair<double, double> middle_of(const std::vector<double>& sorted, double level) {
    const auto at = [&](double part) {
        return sorted[static_cast<std::size_t>(std::lround(part * static_cast<double>(sorted.size() - 1)))];
    };
    return {at((1 - level) / 2), at((1 + level) / 2)};
}
} // namespace detail

/// The mean of one number for each clip: PSNR, or 0 and 1 of a judge's verdicts. The interval is between percentiles.
inline estimate mean_of(std::span<const double> values, const bootstrapping& how = {}) {
    require(!values.empty(), "a mean is of 1 clip or more, not of none");
    require(std::all_of(values.begin(), values.end(), [](double one) { return std::isfinite(one); }),
            "the number of a clip is not finite, and so is their mean");
    const auto mean = [&](const std::vector<std::int64_t>& times) {
        double sum = 0;
        for (std::size_t i = 0; i < values.size(); ++i) sum += static_cast<double>(times[i]) * values[i];
        return sum / static_cast<double>(values.size());
    };
    estimate made{.value = mean(std::vector<std::int64_t>(values.size(), 1))};
    made.low = made.high = made.value;
    if (const auto found = detail::drawn_again(values.size(), how, mean); !found.empty())
        std::tie(made.low, made.high) = detail::middle_of(found, how.level);
    return made;
}

/// Statistics of clips in groups, so that they can be drawn again without their rows: clip i belongs to group i modulo
/// the number of groups, whatever rows it has (its frames', which are alike, stay together). Memory: a matrix a group.
class grouped_statistics {
  public:
    explicit grouped_statistics(int groups = 32) : groups_(groups < 1 ? 0 : static_cast<std::size_t>(groups)) {
        require(groups >= 2, "clips are drawn again by 2 groups or more, not by {}", groups);
    }
    /// Of the next clip, rows [N, features].
    void add(std::span<const double> rows, std::int64_t features) {
        groups_[static_cast<std::size_t>(clips_) % groups_.size()].add(rows, features);
        ++clips_;
    }
    std::int64_t clips() const { return clips_; }
    /// Groups that have a clip.
    std::size_t groups() const { return std::min(groups_.size(), static_cast<std::size_t>(clips_)); }
    /// Each group so often, [groups].
    feature_statistics drawn(const std::vector<std::int64_t>& times) const {
        feature_statistics made;
        for (std::size_t i = 0; i < times.size(); ++i) made.add(groups_[i], times[i]);
        return made;
    }
    feature_statistics all() const { return drawn(std::vector<std::int64_t>(groups(), 1)); }

  private:
    std::vector<feature_statistics> groups_;
    std::int64_t clips_ = 0;
};

namespace detail {
/// distance(times) of the clips as they are and drawn again; the interval is less the bias.
template <class Distance>
estimate distance_estimate(std::size_t groups, const bootstrapping& how, Distance&& distance) {
    estimate all{.value = std::max(0.0, distance(std::vector<std::int64_t>(groups, 1)))}; // below it by rounding
    all.low = all.high = all.value;
    const auto found = drawn_again(groups, how, distance);
    if (found.empty()) return all;
    double sum = 0;
    for (const double one : found) sum += one;
    all.bias = sum / static_cast<double>(found.size()) - all.value;
    const auto [low, high] = middle_of(found, how.level);
    all.low = std::max(0.0, low - 2 * all.bias);
    all.high = std::max(0.0, high - 2 * all.bias);
    return all;
}
} // namespace detail

/// The Frechet distance of clips from real ones. Few clips are further away than many: the bias is the bootstrap's, by
/// which sets drawn again are further still, and the interval is of the distance less it: percentiles of these sets
/// less twice the bias. So it may lie below the value. The real ones are taken as they are.
inline estimate frechet_estimate(const frechet_from& real, const grouped_statistics& made, const bootstrapping& how) {
    return detail::distance_estimate(made.groups(), how, [&](const auto& times) { return real(made.drawn(times)); });
}
/// The same of clips and what was made of each of them, which are drawn together: what both are by chance is in
/// neither.
inline estimate frechet_estimate(const grouped_statistics& real, const grouped_statistics& made,
                                 const bootstrapping& how) {
    require(real.clips() == made.clips(), "{} clips are no pairs with {}", made.clips(), real.clips());
    return detail::distance_estimate(
        made.groups(), how, [&](const auto& times) { return frechet_from(real.drawn(times))(made.drawn(times)); });
}

} // namespace walt
