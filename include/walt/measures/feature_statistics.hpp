// Mean and covariance of features, row after row: of any number of them, in the memory of one matrix.
#pragma once

#include "symmetric.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace walt {

/// Statistics of rows of D features, in double. D is the first row's.
class feature_statistics {
  public:
    /// Rows [N, D] follow those that came before. Features that are not finite are refused, and nothing is added.
    void add(std::span<const double> rows, std::int64_t features) {
        require(features >= 1 && static_cast<std::int64_t>(rows.size()) % features == 0,
                "{} numbers are no whole rows of {} features", rows.size(), features);
        require(count_ == 0 || features == this->features(), "rows of {} features cannot follow rows of {}", features,
                this->features());
        require(std::all_of(rows.begin(), rows.end(), [](double one) { return std::isfinite(one); }),
                "a feature is not a finite number");
        if (rows.empty()) return;
        const auto width = static_cast<std::size_t>(features), added = rows.size() / width;
        if (count_ == 0) {
            shift_.assign(rows.begin(), rows.begin() + features);
            sum_.assign(width, 0);
            products_ = detail::symmetric_matrix(width);
        }
        std::vector<double> apart(rows.begin(), rows.end());
        for (std::size_t i = 0; i < apart.size(); ++i) {
            apart[i] -= shift_[i % width];
            sum_[i % width] += apart[i];
        }
        products_.add_products(apart.data(), added);
        count_ += static_cast<std::int64_t>(added);
    }
    /// The rows that another has seen, each as often as `times` says: what a resampling of them has seen.
    void add(const feature_statistics& more, std::int64_t times = 1) {
        require(times >= 0, "rows are seen 0 times or more, not {}", times);
        require(count_ == 0 || more.count_ == 0 || features() == more.features(),
                "rows of {} features cannot follow rows of {}", more.features(), features());
        if (more.count_ == 0 || times == 0) return;
        if (count_ == 0) {
            shift_ = more.shift_;
            sum_.assign(shift_.size(), 0);
            products_ = detail::symmetric_matrix(shift_.size());
        }
        const auto often = static_cast<double>(times), rows = static_cast<double>(more.count_);
        std::vector<double> apart(shift_.size()); // the other's first row from ours
        for (std::size_t i = 0; i < apart.size(); ++i) apart[i] = more.shift_[i] - shift_[i];
        for (std::size_t i = 0; i < apart.size(); ++i)
            for (std::size_t j = 0; j <= i; ++j)
                products_(i, j) += often * (more.products_(i, j) + more.sum_[i] * apart[j] + apart[i] * more.sum_[j] +
                                            rows * apart[i] * apart[j]);
        for (std::size_t i = 0; i < apart.size(); ++i) sum_[i] += often * (more.sum_[i] + rows * apart[i]);
        count_ += times * more.count_;
    }
    /// Of so many rows, 2 or more, with this mean [D] and covariance [D, D], whose part [i][j] with j <= i is read.
    static feature_statistics of(std::int64_t count, std::vector<double> mean, detail::symmetric_matrix covariance) {
        require(count >= 2 && !mean.empty() && covariance.n == mean.size(),
                "statistics have 2 rows or more, and a covariance as wide as the mean; {} rows, a mean of {} features "
                "and a covariance of {} came",
                count, mean.size(), covariance.n);
        for (const auto& numbers : {mean, covariance.elements})
            require(std::all_of(numbers.begin(), numbers.end(), [](double one) { return std::isfinite(one); }),
                    "a mean or covariance is not a finite number");
        feature_statistics made;
        made.count_ = count;
        made.sum_.assign(mean.size(), 0);
        made.shift_ = std::move(mean);
        made.products_ = std::move(covariance);
        for (double& one : made.products_.elements) one *= static_cast<double>(count - 1);
        return made;
    }

    std::int64_t count() const { return count_; }
    std::int64_t features() const { return static_cast<std::int64_t>(shift_.size()); }

    std::vector<double> mean() const {
        require(count_ >= 1, "features of no row have no mean");
        std::vector<double> made = shift_;
        for (std::size_t i = 0; i < made.size(); ++i) made[i] += sum_[i] / static_cast<double>(count_);
        return made;
    }
    /// [D, D]; divides by the rows - 1.
    detail::symmetric_matrix covariance() const {
        require(count_ >= 2, "a covariance needs the features of 2 rows or more; {} came", count_);
        detail::symmetric_matrix made = products_;
        for (std::size_t i = 0; i < made.n; ++i)
            for (std::size_t j = 0; j <= i; ++j)
                made(i, j) =
                    (made(i, j) - sum_[i] * sum_[j] / static_cast<double>(count_)) / static_cast<double>(count_ - 1);
        made.mirror();
        return made;
    }

  private:
    std::int64_t count_ = 0;
    std::vector<double> shift_, sum_; ///< the first row, and the sum of what rows are apart from it: no digits are lost
    detail::symmetric_matrix products_; ///< sum of the outer products of that
};

} // namespace walt
