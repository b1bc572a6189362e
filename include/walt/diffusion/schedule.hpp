// The noise schedule (paper sec. 3, Table 8; docs/model.md 2): how much signal and how much noise a latent holds at
// each of the 1000 levels. Any function of the level is one; the default is the paper's.
#pragma once

#include "../core/range.hpp"

#include <cmath>
#include <concepts>
#include <vector>

namespace walt {

/// x_t = signal x0 + noise eps.
struct noise_level {
    double signal = 1, noise = 0;
};

/// The levels 0 .. 999 of noise; the last has the most.
class noise_schedule {
  public:
    static constexpr int levels = 1000;

    noise_schedule();

    /// From gamma(level), signal's share of the variance: signal = sqrt(gamma), noise = sqrt(1 - gamma). Or from a
    /// function that gives a noise_level, for schedules whose variance is not 1.
    template <std::invocable<int> Function> explicit noise_schedule(Function&& of) {
        for (int level = 0; level < levels; ++level) {
            if constexpr (std::is_same_v<std::invoke_result_t<Function&, int>, noise_level>) {
                at_.push_back(of(level));
                const auto [signal, noise] = at_.back();
                require(ranges::not_negative.contains(signal) && ranges::not_negative.contains(noise),
                        "a schedule's signal and noise are finite and 0 or more; at level {} they are {} and {}", level,
                        signal, noise);
            } else {
                const double gamma = of(level);
                require(gamma >= 0 && gamma <= 1, "a schedule's gamma lies in [0, 1]; at level {} it is {}", level,
                        gamma);
                at_.push_back({std::sqrt(gamma), std::sqrt(1 - gamma)});
            }
        }
    }

    const noise_level& at(int level) const {
        require(level >= 0 && level < levels, "a diffusion step lies in [0, {}), not at {}", levels, level);
        return at_[static_cast<std::size_t>(level)];
    }
    /// Signal's share of a variance of 1.
    double gamma(int level) const { return at(level).signal * at(level).signal; }

  private:
    std::vector<noise_level> at_;
};

/// gamma of a beta that rises linearly from 1e-4 to 0.02 (Ho et al.), rescaled so that the last level has no signal at
/// all (Lin et al., algorithm 1). Without the rescale: the paper's ablation, Table 3e.
inline auto linear_beta(bool zero_terminal_snr = true) {
    std::vector<double> root; // sqrt of the product of 1 - beta
    double product = 1;
    for (int i = 0; i < noise_schedule::levels; ++i) {
        product *= 1.0 - (1e-4 + (0.02 - 1e-4) * i / (noise_schedule::levels - 1));
        root.push_back(std::sqrt(product));
    }
    const double first = root.front(), last = zero_terminal_snr ? root.back() : 0.0;
    for (double& value : root) {
        value = (value - last) * first / (first - last);
        value *= value;
    }
    return [gamma = std::move(root)](int level) { return gamma[static_cast<std::size_t>(level)]; };
}

inline noise_schedule::noise_schedule() : noise_schedule(linear_beta()) {}

} // namespace walt
