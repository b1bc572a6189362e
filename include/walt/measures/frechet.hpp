// The Frechet distance of two sets of features, each taken for a Gaussian (docs/model.md 21). A distance is named by
// the network whose features these are: FVD and FID are names for I3D's and Inception's alone.
#pragma once

#include "feature_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace walt {

/// |mu1 - mu2|^2 + tr(S1 + S2 - 2 (S1^(1/2) S2 S1^(1/2))^(1/2)); below zero by rounding at most.
inline double frechet_distance(const feature_statistics& a, const feature_statistics& b) {
    require(a.features() == b.features(), "frechet_distance: {} features cannot be compared with {}", a.features(),
            b.features());
    const detail::symmetric_matrix first = a.covariance(), second = b.covariance();
    const std::vector<double> from = a.mean(), to = b.mean();
    double distance = first.trace() + second.trace();
    for (std::size_t i = 0; i < from.size(); ++i) distance += (from[i] - to[i]) * (from[i] - to[i]);
    detail::symmetric_matrix both = detail::between(detail::square_root(first), second);
    for (const double value : detail::eigenvalues(both, false)) distance -= 2 * std::sqrt(std::max(value, 0.0));
    return distance;
}

} // namespace walt
