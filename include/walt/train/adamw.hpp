// AdamW (Loshchilov and Hutter) and the course of its learning rate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace walt {

struct adamw {
    float learning_rate = 5e-4f;
    float beta_1 = 0.9f, beta_2 = 0.99f, epsilon = 1e-8f;
    float weight_decay = 0.01f; ///< of matrices and kernels; biases, norms and tables do not decay
};

/// Linear warm-up, then half a cosine down to `floor` of the peak at `total` steps, and that from there on.
struct warmup_cosine {
    std::int64_t warmup = 200, total = 10'000;
    float floor = 0.0f;

    /// The share of the peak at step n, counted from 0.
    double share(std::int64_t n) const {
        if (n < warmup) return static_cast<double>(n + 1) / static_cast<double>(warmup);
        const double done = std::clamp(
            static_cast<double>(n - warmup) / static_cast<double>(std::max<std::int64_t>(1, total - warmup)), 0.0, 1.0);
        return static_cast<double>(floor) +
               (1 - static_cast<double>(floor)) * 0.5 * (1 + std::cos(3.14159265358979323846 * done));
    }
};

/// An exponential moving average of the weights. In its first steps it looks back less far: keep = min(decay, (1 + n) /
/// (10 + n)).
struct ema {
    float decay = 0.999f;
    double keep(std::int64_t n) const {
        return std::min(static_cast<double>(decay), (1.0 + static_cast<double>(n)) / (10.0 + static_cast<double>(n)));
    }
};

} // namespace walt
