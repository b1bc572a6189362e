// DDIM (Song et al.; docs/model.md 2): keeps the noise that the network sees, or replaces some of it by fresh noise.
#pragma once

#include "../core/range.hpp"
#include "sampler.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace walt {

struct ddim {
    int steps = 50;
    float eta = 0.0f; ///< 0: deterministic, 1: as much fresh noise as the forward process has

    void each_option(auto&& option) const {
        option("ddim::steps", steps, range{1, noise_schedule::levels});
        option("ddim::eta", eta, range{0, 1000});
    }
    std::vector<int> levels() const {
        check_options(*this);
        return trailing_levels(steps);
    }
    sampler_step at(std::span<const noise_level> path, std::size_t k) const {
        const noise_level now = path[k], next = path[k + 1];
        if (now.noise == 0) return {.x0 = next.signal, .eps = next.noise}; // of a schedule whose first level is clean
        // Of the noise at this level, `kept` belongs to the next one already; the rest came in between.
        const double kept = now.signal / next.signal * next.noise;
        const double came = std::sqrt(std::max(0.0, now.noise * now.noise - kept * kept));
        const double fresh = static_cast<double>(eta) * next.noise / now.noise * came;
        return {.x0 = next.signal,
                .eps = std::sqrt(std::max(0.0, next.noise * next.noise - fresh * fresh)),
                .noise = fresh};
    }
};
static_assert(sampler<ddim>);

} // namespace walt
