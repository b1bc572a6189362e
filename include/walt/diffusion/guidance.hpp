// Classifier-free guidance (docs/model.md 2): how far to go from the unconditional answer through the conditional one.
#pragma once

#include "../core/range.hpp"

#include <cmath>

namespace walt {

/// v = v_uncond + w (v_cond - v_uncond). scale 1 is the conditional model.
struct guidance {
    float scale = 1.0f;
    float cosine_power = 0.0f; ///< 0: w = scale. k > 0: power-cosine (MDT), 1 at high noise, `scale` at the last step
    float rescale = 0.0f;      ///< share of the std rescale (Lin et al., sec. 3.4); 0: none

    void each_option(auto&& option) const {
        option("guidance::scale", scale, range{-1000, 1000});
        option("guidance::cosine_power", cosine_power, range{0, 1000});
        option("guidance::rescale", rescale, ranges::share);
    }
    double weight(int step, int levels = 1000) const {
        if (cosine_power <= 0) return static_cast<double>(scale);
        const double time = std::pow(1.0 - static_cast<double>(step) / levels, static_cast<double>(cosine_power));
        return 1.0 + (static_cast<double>(scale) - 1.0) * 0.5 * (1.0 - std::cos(3.14159265358979323846 * time));
    }
    /// The unconditional answer is not needed.
    bool off() const { return scale == 1.0f; }
};

} // namespace walt
