// The Frechet distance of two sets of features, each taken for a Gaussian (docs/model.md 21). A distance is named by
// the network whose features these are: FVD and FID are names for I3D's and Inception's alone.
#pragma once

#include "feature_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace walt {

/// Distances of many sets from one, whose square root is taken once.
class frechet_from {
  public:
    explicit frechet_from(const feature_statistics& from) : mean_(from.mean()) {
        detail::symmetric_matrix covariance = from.covariance();
        trace_ = covariance.trace();
        root_ = detail::square_root(std::move(covariance));
    }
    /// |mu1 - mu2|^2 + tr(S1 + S2 - 2 (S1^(1/2) S2 S1^(1/2))^(1/2)); below zero by rounding at most.
    double operator()(const feature_statistics& to) const {
        require(static_cast<std::int64_t>(mean_.size()) == to.features(),
                "frechet_distance: {} features cannot be compared with {}", mean_.size(), to.features());
        const detail::symmetric_matrix covariance = to.covariance();
        const std::vector<double> mean = to.mean();
        double distance = trace_ + covariance.trace();
        for (std::size_t i = 0; i < mean.size(); ++i) distance += (mean_[i] - mean[i]) * (mean_[i] - mean[i]);
        detail::symmetric_matrix both = detail::between(root_, covariance);
        for (const double value : detail::eigenvalues(both, false)) distance -= 2 * std::sqrt(std::max(value, 0.0));
        return distance;
    }

  private:
    std::vector<double> mean_;
    double trace_ = 0;
    detail::symmetric_matrix root_;
};

/// The distance of two sets, 2 rows or more each.
inline double frechet_distance(const feature_statistics& a, const feature_statistics& b) {
    require(a.features() == b.features(), "frechet_distance: {} features cannot be compared with {}", a.features(),
            b.features());
    return frechet_from(a)(b);
}

} // namespace walt
