// How a model's parameters start (docs/model.md 1.7).
#pragma once

#include "hash.hpp"
#include "parameter_table.hpp"
#include "philox.hpp"
#include "threads.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace walt {

/// How a parameter's values start. They depend on the seed, the parameter's name and the element only: adding a
/// parameter does not change the others, and every device draws the same bits.
struct start_rule {
    init kind;
    double scale; ///< the bound, or the deviation
    philox numbers;

    start_rule(const parameter_row& row, seed from) : kind(row.start), scale(0), numbers{from.value, hash(row.name)} {
        const std::int64_t outs = row.shape.front(), fan_in = static_cast<std::int64_t>(row.size) / outs;
        const std::int64_t receptive = row.shape.size() > 2 ? fan_in / row.shape[1] : 1;
        if (kind == init::xavier) scale = std::sqrt(6.0 / static_cast<double>(fan_in + outs * receptive));
        else if (kind == init::truncated_fan_in) scale = 1.0 / std::sqrt(static_cast<double>(fan_in));
        else if (kind == init::normal || kind == init::truncated) scale = 0.02;
    }
    /// The value of element i, in memory order.
    WALT_HD double operator()(std::uint64_t i) const {
        switch (kind) {
        case init::zero: return 0.0;
        case init::one: return 1.0;
        case init::xavier: return scale * (2.0 * static_cast<double>(numbers.uniform(i)) - 1.0);
        case init::normal: return scale * static_cast<double>(numbers.normal(i));
        case init::truncated:
        case init::truncated_fan_in: return scale * static_cast<double>(truncated_normal(i));
        }
        return 0.0;
    }

  private:
    WALT_HD float truncated_normal(std::uint64_t i) const {
        for (std::uint64_t round = 0;; ++round) { // 4.6 % are outside of two standard deviations: draw again
            const float x = philox{numbers.seed, numbers.stream + round * 0x9E3779B97F4A7C15u}.normal(i);
            if (x >= -2.0f && x <= 2.0f) return x;
        }
    }
};

/// Contexts that draw starting values where they are needed; for others the host does.
template <class Context>
concept starting_context = requires(Context& ctx, const start_rule& rule, view<float, dynamic> values) {
    ctx.start(rule, values);
};

namespace detail {
/// Calls body(first, last) for pieces of 0 .. count - 1, on all threads of the host where there is enough to do.
template <class Body> void on_host_threads(std::size_t count, const Body& body) {
    constexpr std::size_t piece = std::size_t{1} << 16; // a millisecond or so
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t at = 0; (at = next.fetch_add(piece)) < count;) body(at, std::min(count, at + piece));
    };
    const std::size_t pieces = (count + piece - 1) / piece,
                      threads = std::min(pieces, static_cast<std::size_t>(processor_count()));
    std::vector<thread> others; // which their end waits for
    try {
        while (others.size() + 1 < threads) others.emplace_back(work, [](const auto& one) { one(); });
    } catch (const error&) { // the host has no more threads: those that are there do it
    }
    work();
}

/// The starting value of every element of a parameter, in memory order.
template <class A> void start_on_host(const start_rule& rule, std::size_t count, A* out) {
    on_host_threads(count, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) out[i] = static_cast<A>(rule(i));
    });
}
} // namespace detail
} // namespace walt
