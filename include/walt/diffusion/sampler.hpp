// What a sampler is: the levels it visits, and a few coefficients for each step between them.
#pragma once

#include "schedule.hpp"

#include <cmath>
#include <concepts>
#include <functional>
#include <span>
#include <vector>

namespace walt {

/// One step: x' = x x_t + x0 x0 + eps eps + x0_before x0_before + noise n, where x0 and eps are the network's estimates
/// at this level, x0_before its estimate at the level before, and n fresh standard normal noise.
struct sampler_step {
    double x = 0, x0 = 0, eps = 0, x0_before = 0, noise = 0;
};

/// A sampler: `levels()` counts down, `at(path, k)` is the step from path[k] to path[k + 1]. The path has what the
/// schedule says of every level, and behind the last the clean sample, {1, 0}.
template <class S>
concept sampler = requires(const S& s, std::span<const noise_level> path, std::size_t k) {
    { s.levels() } -> std::convertible_to<std::vector<int>>;
    { s.at(path, k) } -> std::convertible_to<sampler_step>;
};

/// Any of them.
class any_sampler {
  public:
    template <class S>
    requires(!std::same_as<S, any_sampler> && sampler<S>) any_sampler(S of) // not explicit: every sampler is one
        : levels_([of] { return of.levels(); }),
          at_([of](std::span<const noise_level> path, std::size_t k) { return of.at(path, k); }) {}

    std::vector<int> levels() const { return levels_(); }
    sampler_step at(std::span<const noise_level> path, std::size_t k) const { return at_(path, k); }

  private:
    std::function<std::vector<int>()> levels_;
    std::function<sampler_step(std::span<const noise_level>, std::size_t)> at_;
};

/// The level of step k: round((S - k) N / S) - 1, that is 999, 979, ..., 19 for 50 steps. It begins at the level that
/// has the most noise, as training does (Lin et al.).
inline std::vector<int> trailing_levels(int steps) {
    require(steps >= 1 && steps <= noise_schedule::levels, "a sampler takes 1 to {} steps, not {}",
            noise_schedule::levels, steps);
    std::vector<int> list;
    for (int k = 0; k < steps; ++k)
        list.push_back(static_cast<int>(std::lround(static_cast<double>(steps - k) * noise_schedule::levels / steps)) -
                       1);
    return list;
}

} // namespace walt
