// The course of the learning rate.
#pragma once

#include "../core/range.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace walt {

/// Linear warm-up, then half a cosine down to `floor` of the peak at `total` steps, and that from there on.
struct warmup_cosine {
    std::int64_t warmup = 200, total = 10'000;
    float floor = 0.0f;

    void each_option(auto&& option) const {
        option("warmup_cosine::warmup", warmup, ranges::not_negative);
        option("warmup_cosine::total", total, ranges::not_negative);
        option("warmup_cosine::floor", floor, ranges::share);
    }

    /// The share of the peak at step n, counted from 0.
    double share(std::int64_t n) const {
        if (n < warmup) return static_cast<double>(n + 1) / static_cast<double>(warmup);
        const double done = std::clamp(
            static_cast<double>(n - warmup) / static_cast<double>(std::max<std::int64_t>(1, total - warmup)), 0.0, 1.0);
        return static_cast<double>(floor) +
               (1 - static_cast<double>(floor)) * 0.5 * (1 + std::cos(3.14159265358979323846 * done));
    }
};

} // namespace walt
