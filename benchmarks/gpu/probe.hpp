// What the programs of scripts/gpu share: timing by the GPU's clock.
#pragma once

#include "../cuda/gpu_clock.cuh"

#include <walt/cuda.cuh>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace walt::benchmarks {

/// The median of `runs` timings of run(), in milliseconds; each timing is of `inside` calls.
template <class Run> double median_ms(walt::cuda::context& ctx, Run&& run, int runs = 9, int inside = 1) {
    run();
    std::vector<double> all;
    for (int i = 0; i < runs; ++i)
        all.push_back(1e3 / inside * seconds_of(ctx, [&] {
                          for (int j = 0; j < inside; ++j) run();
                      }));
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

/// The same of work recorded as a graph of `inside` runs, so that the host's launches cost nothing.
template <class Run> double recorded_ms(walt::cuda::context& ctx, Run&& run, int inside = 8, int runs = 9) {
    run();
    const walt::cuda::recording graph(ctx, [&] {
        for (int i = 0; i < inside; ++i) run();
    });
    return median_ms(
               ctx, [&] { graph.replay(); }, runs) /
           inside;
}

/// The host's clock, in seconds.
inline double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

} // namespace walt::benchmarks
