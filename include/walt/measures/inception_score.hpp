// The inception score: how surely a classifier names each sample, and how many names there are (docs/model.md 21). The
// name is of Inception's logits for images, of C3D's for videos of UCF-101; of another classifier it says whose it is.
#pragma once

#include "../core/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace walt {

/// exp(mean KL(p(y|x) || p(y))) of each split, as rows of logits come: of any number of them, in the memory of one row
/// a split. Splits follow each other; the last one has what is left.
class inception_score {
  public:
    /// Rows of a split: 5000 in ADM's protocol, a tenth of the samples in the score's first paper.
    explicit inception_score(std::int64_t rows_a_split) : rows_a_split_(rows_a_split) {
        require(rows_a_split >= 1, "a split has 1 row or more, not {}", rows_a_split);
    }

    /// Logits [N, classes] follow those that came before. Ones that are not finite are refused, and nothing is added.
    void add(std::span<const double> logits, std::int64_t classes) {
        require(classes >= 1 && static_cast<std::int64_t>(logits.size()) % classes == 0,
                "{} numbers are no whole rows of {} logits", logits.size(), classes);
        require(count_ == 0 || classes == classes_, "rows of {} logits cannot follow rows of {}", classes, classes_);
        require(std::all_of(logits.begin(), logits.end(), [](double one) { return std::isfinite(one); }),
                "a logit is not a finite number");
        classes_ = classes;
        for (; !logits.empty(); logits = logits.subspan(static_cast<std::size_t>(classes))) {
            if (count_++ % rows_a_split_ == 0)
                splits_.push_back({std::vector<double>(static_cast<std::size_t>(classes))});
            splits_.back().add(logits.first(static_cast<std::size_t>(classes)));
        }
    }
    std::int64_t count() const { return count_; }

    /// Of each split, in order.
    std::vector<double> of_splits() const {
        std::vector<double> scores;
        for (const split& one : splits_) scores.push_back(one.score());
        return scores;
    }
    double mean() const {
        require(count_ >= 1, "logits of no row have no inception score");
        double sum = 0;
        for (const split& one : splits_) sum += one.score();
        return sum / static_cast<double>(splits_.size());
    }
    /// Root mean square of the splits' distances from their mean; 0 of one split.
    double deviation() const {
        const double middle = mean();
        double squares = 0;
        for (const split& one : splits_) squares += (one.score() - middle) * (one.score() - middle);
        return std::sqrt(squares / static_cast<double>(splits_.size()));
    }

  private:
    struct split {
        std::vector<double> probabilities; ///< summed over the rows
        double information = 0;            ///< sum of p log p
        std::int64_t count = 0;

        void add(std::span<const double> logits) {
            const double most = *std::max_element(logits.begin(), logits.end());
            double sum = 0;
            for (const double one : logits) sum += std::exp(one - most);
            for (std::size_t i = 0; i < logits.size(); ++i) {
                const double p = std::exp(logits[i] - most) / sum;
                probabilities[i] += p;
                information += p * (logits[i] - most - std::log(sum)); // 0 where p is
            }
            ++count;
        }
        /// mean p log p(y|x) - sum of p(y) log p(y).
        double score() const {
            const auto rows = static_cast<double>(count);
            double apart = information / rows;
            for (const double one : probabilities)
                if (one > 0) apart -= one / rows * std::log(one / rows);
            return std::exp(apart);
        }
    };

    std::int64_t rows_a_split_, classes_ = 0, count_ = 0;
    std::vector<split> splits_;
};

} // namespace walt
