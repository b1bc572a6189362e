// The course of the learning rate.
#pragma once

#include "../core/note.hpp"
#include "../core/range.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

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
    /// How many of so many steps have a rate: not those behind a course that ends at 0.
    std::int64_t with_a_rate(std::int64_t steps) const {
        return floor > 0 || steps <= std::max(total, warmup) ? steps : std::max(total, warmup + 1);
    }
};

namespace detail {
/// Says so where a training of so many steps goes on behind the course of its rate. whose: "", or "the critic's ".
inline void tell_of_course(const std::string& whose, const warmup_cosine& rate, std::int64_t steps) {
    if (const std::int64_t felt = rate.with_a_rate(steps); felt < steps)
        note("{}steps {} to {} have a learning rate of 0: warmup_cosine::total is {}, and its floor 0", whose, felt + 1,
             steps, rate.total);
}
} // namespace detail

} // namespace walt
