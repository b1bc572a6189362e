// DPM-Solver++ 2M (Lu et al.; docs/model.md 19): a second-order multistep method, for samples in 12 to 25 steps.
#pragma once

#include "../core/range.hpp"
#include "sampler.hpp"

#include <cmath>
#include <span>
#include <vector>

namespace walt {

/// Follows the estimate of x0 along lambda = ln(signal / noise), extrapolated from the last two.
struct dpm_solver_pp_2m {
    int steps = 20;

    void each_option(auto&& option) const {
        option("dpm_solver_pp_2m::steps", steps, range{1, noise_schedule::levels});
    }
    std::vector<int> levels() const {
        check_options(*this);
        return trailing_levels(steps);
    }
    sampler_step at(std::span<const noise_level> path, std::size_t k) const {
        const noise_level now = path[k], next = path[k + 1];
        if (now.noise == 0) return {.x0 = next.signal, .eps = next.noise}; // of a schedule whose first level is clean
        const auto lambda = [&](std::size_t i) { return std::log(path[i].signal / path[i].noise); };
        const double h = lambda(k + 1) - lambda(k), before = k > 0 ? lambda(k) - lambda(k - 1) : h;
        // Levels without any signal or any noise lie infinitely far away: there the estimate is taken as it is.
        const double slope = k > 0 && std::isfinite(h) && std::isfinite(before) ? h / (2 * before) : 0;
        const double moved = -next.signal * std::expm1(-h);
        return {.x = next.noise / now.noise, .x0 = moved * (1 + slope), .x0_before = -moved * slope};
    }
};
static_assert(sampler<dpm_solver_pp_2m>);

} // namespace walt
