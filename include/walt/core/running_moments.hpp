// Mean and deviation by channel of more numbers than fit into memory.
#pragma once

#include "error.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace walt {

/// Takes rows of C numbers piece by piece, in double precision. Each piece's moments are exact to rounding and are
/// joined with those before (Chan, Golub, LeVeque), so that a large mean does not swallow a small deviation.
class running_moments {
  public:
    explicit running_moments(std::size_t channels) : mean_(channels), squares_(channels) {}

    /// values [rows, C].
    void add(std::span<const float> values) {
        const std::size_t C = mean_.size(), rows = values.size() / C;
        require(rows * C == values.size(), "rows of {} numbers were expected; {} numbers came", C, values.size());
        if (rows == 0) return;
        const double came = static_cast<double>(rows), before = static_cast<double>(rows_), all = before + came;
        for (std::size_t c = 0; c < C; ++c) {
            double sum = 0, squares = 0;
            for (std::size_t i = c; i < values.size(); i += C) sum += static_cast<double>(values[i]);
            const double mean = sum / came;
            for (std::size_t i = c; i < values.size(); i += C) {
                const double off = static_cast<double>(values[i]) - mean;
                squares += off * off;
            }
            const double apart = mean - mean_[c];
            mean_[c] += apart * (came / all);
            squares_[c] += squares + apart * apart * (before * came / all);
        }
        rows_ += static_cast<std::int64_t>(rows);
    }

    std::int64_t rows() const { return rows_; }
    double mean(std::size_t c) const { return mean_[c]; }
    /// The square root of the mean squared difference from the mean; 0 before the first row.
    double deviation(std::size_t c) const {
        return rows_ > 0 ? std::sqrt(squares_[c] / static_cast<double>(rows_)) : 0;
    }

  private:
    std::int64_t rows_ = 0;
    std::vector<double> mean_, squares_; // [C]
};

} // namespace walt
