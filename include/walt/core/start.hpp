// How a model's parameters start (docs/model.md 1.7).
#pragma once

#include "hash.hpp"
#include "parameter_table.hpp"
#include "philox.hpp"

#include <cmath>

namespace walt {

namespace detail {
inline float truncated_normal(const philox& numbers, std::uint64_t i) {
    for (std::uint64_t round = 0;; ++round) { // 4.6 % are outside of two standard deviations: draw again
        const float x = philox{numbers.seed, numbers.stream + round * 0x9E3779B97F4A7C15u}.normal(i);
        if (std::abs(x) <= 2.0f) return x;
    }
}

/// The starting value of every element of a parameter, in memory order. The numbers depend on the seed and the
/// parameter's name only, so adding one does not change the others.
template <class A> void start_parameter(const parameter_row& row, std::uint64_t seed, A* out) {
    const philox numbers{seed, hash(row.name)};
    const std::int64_t outs = row.shape.front(), fan_in = static_cast<std::int64_t>(row.size) / outs;
    const std::int64_t receptive = row.shape.size() > 2 ? fan_in / row.shape[1] : 1;
    const double bound = std::sqrt(6.0 / static_cast<double>(fan_in + outs * receptive));
    const double fan_in_std = 1.0 / std::sqrt(static_cast<double>(fan_in));
    for (std::size_t i = 0; i < row.size; ++i) {
        double value = 0;
        switch (row.start) {
        case init::zero: break;
        case init::one: value = 1; break;
        case init::xavier: value = bound * (2.0 * static_cast<double>(numbers.uniform(i)) - 1.0); break;
        case init::normal: value = 0.02 * static_cast<double>(numbers.normal(i)); break;
        case init::truncated: value = 0.02 * static_cast<double>(truncated_normal(numbers, i)); break;
        case init::truncated_fan_in: value = fan_in_std * static_cast<double>(truncated_normal(numbers, i)); break;
        }
        out[i] = static_cast<A>(value);
    }
}
} // namespace detail
} // namespace walt
